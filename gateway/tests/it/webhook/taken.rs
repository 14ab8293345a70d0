//! Good requests, and signed ones that cannot be understood.

use std::io::{Read, Write};

use model::desk::{Body, DeadReason};
use model::id::ChannelId;
use model::service::{Content, ReceiptStatus};
use serde_json::json;
use storage::port::Topic;

use super::caller::signed;
use super::{Listener, Reply, body_of, text};
use crate::installation::{APP_SECRET, bodies, wait_for};

fn taken(reply: &Reply) {
    assert_eq!((reply.status, reply.body.as_str()), (200, ""), "{}", reply.head);
}

/// The reasons of what is in `dead`.
fn dead(listener: &Listener) -> Vec<DeadReason> {
    let reason = |body: Body| match body {
        Body::Dead(dead) => dead.reason,
        other => panic!("{other:?} in dead"),
    };
    bodies(&listener.ports, Topic::Dead).into_iter().map(|(_, body)| reason(body)).collect()
}

#[test]
fn c1_one_webhook_of_two_numbers_lands_whole_in_its_places() {
    let listener = Listener::start();
    let place = listener.ports.place;
    let shard = model::id::ShardId::new(1).unwrap();
    let ours = model::id::ConversationId::new(shard, model::id::LaneId::FIRST, 7).unwrap();
    let receipts = json!({
        "metadata": {"phone_number_id": "222"},
        "statuses": [
            {"id": "wamid.out", "status": "read", "timestamp": "1751247550",
             "recipient_id": "5522", "biz_opaque_callback_data": format!("{ours}.4")},
            {"id": "wamid.old", "status": "failed", "timestamp": "1751247551",
             "recipient_id": "5523", "errors": [{"code": 131047}]},
        ],
    });
    let values =
        [text("111", "5511", "wamid.1", "one"), receipts, text("222", "5511", "wamid.2", "two")];
    taken(&listener.deliver(&body_of(&values)));
    let inbound = bodies(&listener.ports, Topic::Inbound);
    assert_eq!(inbound.len(), 2);
    for (partition, body) in inbound {
        let Body::Inbound(inbound) = body else { panic!("{body:?}") };
        let want = if inbound.provider_id == "wamid.1" { ChannelId(1) } else { ChannelId(2) };
        assert_eq!(inbound.channel, want);
        let lane = place.of_address(shard, inbound.channel, "5511");
        assert_eq!(partition.index, lane.index());
    }
    let commands = bodies(&listener.ports, Topic::Commands);
    assert_eq!(commands.len(), 2);
    for (partition, body) in commands {
        let Body::Receipt(receipt) = body else { panic!("{body:?}") };
        let (status, lane) = match receipt.message {
            Some(message) => (ReceiptStatus::Read, place.of_conversation(message.conversation)),
            None => (ReceiptStatus::Failed, place.of_address(shard, ChannelId(2), "5523")),
        };
        assert_eq!((receipt.status, partition.index), (status, lane.index()));
    }
}

#[test]
fn a_callback_datum_that_cannot_be_ours_is_not_believed() {
    let listener = Listener::start();
    // Shard 0 is not the channel's; shard 1023 and lane 63 do not exist.
    for echoed in ["1.1", "9223372036854775807.1", "x"] {
        let value = json!({
            "metadata": {"phone_number_id": "111"},
            "statuses": [{"id": "w", "status": "sent", "timestamp": "1", "recipient_id": "55",
                          "biz_opaque_callback_data": echoed}],
        });
        taken(&listener.deliver(&body_of(&[value])));
    }
    for (partition, body) in bodies(&listener.ports, Topic::Commands) {
        let Body::Receipt(receipt) = body else { panic!("{body:?}") };
        assert_eq!(receipt.message, None);
        assert!(partition.index >= 2, "in the channel's shard");
    }
}

#[test]
fn c3_messages_of_one_webhook_keep_their_order() {
    let listener = Listener::start();
    let messages: Vec<_> = (0..200)
        .map(|n| {
            json!({"from": "5511", "id": format!("wamid.{n:03}"), "timestamp": "1751247548",
                        "type": "text", "text": {"body": n.to_string()}})
        })
        .collect();
    let value = json!({"metadata": {"phone_number_id": "111"}, "messages": messages});
    taken(&listener.deliver(&body_of(&[value])));
    let contents: Vec<String> = bodies(&listener.ports, Topic::Inbound)
        .into_iter()
        .map(|(_, body)| match body {
            Body::Inbound(inbound) => match inbound.content {
                Content::Text(text) => text,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        })
        .collect();
    let want: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    assert_eq!(contents, want);
}

#[test]
fn c6_an_unknown_account_is_answered_200_and_kept() {
    let listener = Listener::start();
    let body = body_of(&[text("999", "5511", "w1", "?"), text("111", "5511", "w2", "hello")]);
    taken(&listener.deliver(&body));
    assert_eq!(dead(&listener), [DeadReason::UnknownAccount]);
    assert_eq!(bodies(&listener.ports, Topic::Inbound).len(), 1, "the other one is taken");
}

#[test]
fn f29_signed_and_unreadable_is_answered_200_and_kept() {
    let listener = Listener::start();
    let unreadable: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"not json".to_vec(),
        b"{\"object\":\"whatsapp_business_account\",\"entry\":[".to_vec(),
        b"{\"object\":\"page\",\"entry\":[]}".to_vec(),
        b"[]".to_vec(),
        b"{\"object\":\"whatsapp_business_account\",\"entry\":[NaN]}".to_vec(),
        b"{\"object\":\"whatsapp_business_account\",\"object\":\"x\",\"entry\":[]}".to_vec(),
        b"\xff\xfe{}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        "[".repeat(100_000).into_bytes(),
        "{\"a\":".repeat(100_000).into_bytes(),
    ];
    for body in &unreadable {
        taken(&listener.deliver(body));
    }
    let kept = bodies(&listener.ports, Topic::Dead);
    assert_eq!(kept.len(), unreadable.len());
    for ((_, body), sent) in kept.into_iter().zip(&unreadable) {
        let Body::Dead(dead) = body else { panic!("{body:?}") };
        assert_eq!(dead.reason, DeadReason::Unparseable);
        assert_eq!((dead.origin.as_str(), &dead.bytes[..]), ("endpoint starter", &sent[..]));
    }
}

#[test]
fn c6_more_than_one_record_can_hold_is_kept_in_parts() {
    let listener = Listener::start();
    let body = vec![b'['; 2_500_000];
    taken(&listener.deliver(&body));
    let parts: Vec<_> = bodies(&listener.ports, Topic::Dead)
        .into_iter()
        .map(|(_, body)| match body {
            Body::Dead(dead) => dead,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(parts.len(), 3);
    assert!(parts[1].detail.starts_with("part 2 of 3"), "{}", parts[1].detail);
    let whole: Vec<u8> = parts.iter().flat_map(|dead| dead.bytes.to_vec()).collect();
    assert_eq!(whole, body);
}

#[test]
fn a_connection_serves_one_webhook_after_the_other() {
    let listener = Listener::start();
    let mut stream = listener.connect();
    for n in 0..3 {
        let body = body_of(&[text("111", "5511", &format!("w{n}"), "hello")]);
        let request = signed("starter", APP_SECRET, &body);
        let request = String::from_utf8(request).unwrap().replace("connection: close\r\n", "");
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&head));
    }
    assert_eq!(wait_for(&listener.ports, Topic::Inbound, 3).len(), 3);
}
