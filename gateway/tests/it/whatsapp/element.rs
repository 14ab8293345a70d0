//! One element at a time: what it becomes, and that it fails alone.

use gateway::connector::Element;
use model::desk::{Dead, DeadReason, Inbound, Receipt};
use model::limit;
use model::service::{Content, ReceiptStatus};
use model::time::Timestamp;

use super::{RECEIVED_AT, elements, value};

fn message(rest: &str) -> Inbound {
    match elements(value(&format!(r#""messages":[{rest}]"#)).as_bytes()).remove(0) {
        Element::Inbound(inbound) => inbound,
        other => panic!("{other:?}"),
    }
}

fn receipt(rest: &str) -> Receipt {
    match elements(value(&format!(r#""statuses":[{rest}]"#)).as_bytes()).remove(0) {
        Element::Receipt(receipt) => receipt,
        other => panic!("{other:?}"),
    }
}

fn dead(rest: &str) -> Dead {
    let mut found = elements(value(rest).as_bytes());
    assert_eq!(found.len(), 1, "{found:?}");
    match found.remove(0) {
        Element::Dead(dead) => dead,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_text_is_read_with_its_escapes() {
    let got = message(
        r#"{"from":"+5511","id":"wamid.1","timestamp":"1751247548","type":"text","text":{"body":"caf\u00e9 \ud83d\ude00 \/ \u0000"}}"#,
    );
    assert_eq!(got.content, Content::Text("café 😀 / \0".to_owned()));
    assert_eq!((got.address.as_str(), got.provider_id.as_str()), ("5511", "wamid.1"));
    assert_eq!(got.sent_at, Timestamp::from_seconds(1_751_247_548));
    assert_eq!((got.received_at, got.name.as_str()), (RECEIVED_AT, ""));
}

#[test]
fn what_is_not_text_is_kept_as_it_came() {
    let kinds = [
        r#"{"from":"1","id":"a", "type":"image",  "image":{"id":"1","caption":"\u00e9\/"}}"#,
        r#"{"from":"1","id":"a","type":"reaction","reaction":{"message_id":"b","x":1e400}}"#,
        r#"{"from":"1","id":"a","type":"hologram"}"#,
        r#"{"from":"1","id":"a","type":"text"}"#,
        r#"{"from":"1","id":"a","type":"text","text":{"body":"\ud800"}}"#,
        r#"{"from":"1","id":"a","type":"text","text":{"body":5}}"#,
        r#"{"from":"1","id":"a"}"#,
    ];
    for raw in kinds {
        match message(raw).content {
            Content::Unsupported { raw: kept, .. } => assert_eq!(&kept[..], raw.as_bytes()),
            other => panic!("{other:?} of {raw}"),
        }
    }
    let Content::Unsupported { kind, .. } = message(kinds[2]).content else { panic!() };
    assert_eq!(kind, "hologram");
}

#[test]
fn a_text_longer_than_we_send_is_kept_in_its_raw_form() {
    let long = "x".repeat(limit::TEXT_BYTES + 1);
    let raw = format!(r#"{{"from":"1","id":"a","type":"text","text":{{"body":"{long}"}}}}"#);
    assert!(matches!(message(&raw).content, Content::Unsupported { .. }));
    let longer = "x".repeat(limit::RAW_BYTES);
    let raw = format!(r#"{{"from":"1","id":"a","type":"text","text":{{"body":"{longer}"}}}}"#);
    assert_eq!(dead(&format!(r#""messages":[{raw}]"#)).bytes, raw.as_bytes());
}

#[test]
fn a_customer_is_known_by_user_id_first_and_by_number_else() {
    let address = |contacts: &str, message: &str| {
        let rest =
            format!(r#""contacts":[{contacts}],"messages":[{{"id":"a","type":"text",{message}}}]"#);
        match elements(value(&rest).as_bytes()).remove(0) {
            Element::Inbound(inbound) => (inbound.address, inbound.name),
            other => panic!("{other:?}"),
        }
    };
    let ana = r#"{"profile":{"name":"Ana"},"wa_id":"5511","user_id":"US.1"}"#;
    let bob = r#"{"profile":{"name":"Bob"},"wa_id":"5522"}"#;
    let both = format!("{bob},{ana}");
    let is = |address: &str, name: &str| (address.to_owned(), name.to_owned());
    assert_eq!(address(&both, r#""from":"5522""#), is("5522", "Bob"));
    assert_eq!(address(&both, r#""from":"5511""#), is("US.1", "Ana"));
    assert_eq!(address(&both, r#""from_user_id":"US.1""#), is("US.1", "Ana"));
    assert_eq!(address(&both, r#""from":"5599""#), is("5599", ""));
    assert_eq!(address(&both, r#""from":"5511","from_user_id":"US.7""#), is("US.7", "Ana"));
    assert_eq!(address(bob, r#""timestamp":"1""#), is("5522", "Bob"), "the only contact");
    assert_eq!(address(r#"{"wa_id":5},"x""#, r#""from":"5511""#), is("5511", ""));
}

#[test]
fn a_message_without_an_id_or_a_writer_goes_to_dead_alone() {
    let whole = r#"{"from":"1","id":"a","type":"text","text":{"body":"hi"}}"#;
    let broken = [
        r#"{"from":"1","type":"text","text":{"body":"hi"}}"#,
        r#"{"from":"1","id":"","type":"text"}"#,
        r#"{"id":"a","type":"text"}"#,
        r#"{"from":"","id":"a"}"#,
        r#"{"from":"1","id":7}"#,
        r#"{"from":"1","id":"\ud800"}"#,
        r#"null"#,
        r#"[]"#,
        r#""text""#,
    ];
    for piece in broken {
        let found = elements(value(&format!(r#""messages":[{whole},{piece},{whole}]"#)).as_bytes());
        match &found[..] {
            [Element::Inbound(_), Element::Dead(dead), Element::Inbound(_)] => {
                assert_eq!(
                    (&dead.bytes[..], dead.reason),
                    (piece.as_bytes(), DeadReason::Unparseable)
                );
            }
            other => panic!("{other:?} of {piece}"),
        }
    }
}

#[test]
fn an_element_nested_too_deeply_goes_to_dead_alone() {
    let deep = |depth: usize| {
        let nest = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"from":"1","id":"a","type":"x","x":{nest}}}"#)
    };
    let lawful = format!(r#""messages":[{}]"#, deep(limit::JSON_DEPTH - 1));
    assert!(matches!(elements(value(&lawful).as_bytes())[..], [Element::Inbound(_)]));
    let rest = format!(r#""messages":[{},{}]"#, deep(limit::JSON_DEPTH), deep(1));
    let found = elements(value(&rest).as_bytes());
    assert!(matches!(found[..], [Element::Dead(_), Element::Inbound(_)]), "{found:?}");
    let abyss = format!(r#""messages":[{},{}]"#, deep(100_000), deep(1));
    let found = elements(value(&abyss).as_bytes());
    assert!(matches!(found[..], [Element::Dead(_), Element::Inbound(_)]));
}

#[test]
fn a_receipt_says_how_far_and_of_which_message() {
    let got = receipt(
        r#"{"id":"wamid.9","status":"delivered","timestamp":"1751247548","recipient_id":"5511","recipient_user_id":"US.1","biz_opaque_callback_data":"42.7","pricing":{"billable":true}}"#,
    );
    assert_eq!(got.message.map(|id| id.to_string()).as_deref(), Some("42.7"));
    assert_eq!((got.status, got.address.as_str()), (ReceiptStatus::Delivered, "US.1"));
    assert_eq!((got.provider_id.as_str(), got.code), ("wamid.9", None));
    let got = receipt(r#"{"id":"w","status":"failed","errors":[{},{"code":131026,"title":"t"}]}"#);
    assert_eq!((got.status, got.code), (ReceiptStatus::Failed, Some(131_026)));
    assert_eq!((got.address.as_str(), got.message, got.at), ("", None, RECEIVED_AT));
    let played = receipt(r#"{"id":"w","status":"played","biz_opaque_callback_data":"other app"}"#);
    assert_eq!((played.status, played.message), (ReceiptStatus::Read, None));
}

#[test]
fn what_is_not_known_is_kept_and_never_fails_its_neighbours() {
    assert!(dead(r#""statuses":[{"id":"w","status":"warning"}]"#).detail.contains("warning"));
    assert!(dead(r#""errors":[{"code":131000}]"#).detail.contains("account"));
    assert!(dead(r#""novelties":[1]"#).detail.contains("nothing in it"));
    let body = br#"{"object":"whatsapp_business_account","entry":[
        {"id":"1","changes":[{"field":"message_template_status_update","value":{}}]},
        {"id":"2","changes":[{"field":"messages"}, 5]},
        {"id":"3"}, 7]}"#;
    let found = elements(body);
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found.iter().all(|element| matches!(element, Element::Dead(_))));
    assert!(elements(br#"{"object":"whatsapp_business_account","entry":[]}"#).is_empty());
}

#[test]
fn a_body_of_too_many_elements_is_kept_whole() {
    let many = "1,".repeat(limit::WEBHOOK_ELEMENTS);
    let body = value(&format!(r#""messages":[{many}1]"#));
    let found = elements(body.as_bytes());
    assert!(
        matches!(&found[..], [Element::Dead(dead)] if dead.bytes == body.as_bytes()),
        "{} elements",
        found.len()
    );
}
