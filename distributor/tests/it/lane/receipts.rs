//! Receipts and providers' answers: never backwards, by our own id or by the provider's.

use std::time::Duration;

use model::desk::{Event, Receipt, SendResult};
use model::id::MessageId;
use model::limit;
use model::people::Presence;
use model::service::ReceiptStatus::{self, Delivered, Failed, Read, Sent};

use super::walk::{names, receipt};
use super::world::{ANA, CHANNEL, MUTE, World, address_in};

/// A world where a greeting was sent; its id.
fn greeted() -> (World, MessageId) {
    let mut world = World::new();
    world.appear(ANA, Presence::Available);
    world.run();
    world.write(&address_in(1, 0), "hi");
    world.run();
    let conversation = world.open(&address_in(1, 0)).id;
    (world, MessageId { conversation, seq: 2 })
}

/// What a script of receipts caused.
fn after(script: &[ReceiptStatus]) -> Vec<&'static str> {
    let (mut world, message) = greeted();
    let before = world.events().len();
    script.iter().for_each(|status| world.receive(receipt(message, *status)));
    world.run();
    names(&world.events()[before..])
}

#[test]
fn f25_receipts_never_move_backwards() {
    assert_eq!(after(&[Sent, Delivered, Read]), ["receipt", "receipt", "receipt"]);
    assert_eq!(after(&[Read, Delivered, Sent]), ["receipt", "ignored", "ignored"]);
    assert_eq!(after(&[Delivered, Delivered]), ["receipt", "ignored"]);
    assert_eq!(after(&[Failed, Read]), ["receipt", "ignored"]);
}

#[test]
fn a_receipt_without_our_id_is_found_by_the_providers() {
    let (mut world, message) = greeted();
    let by_provider = |provider_id: &str| Receipt {
        message: None,
        provider_id: provider_id.to_owned(),
        address: address_in(1, 0),
        ..receipt(message, Delivered)
    };
    let before = world.events().len();
    world.receive(by_provider("out-1"));
    world.receive(by_provider(""));
    world.run();
    assert_eq!(names(&world.events()[before..]), ["ignored", "ignored"], "not answered yet");
    world.answer(message, SendResult::Accepted { provider_id: "out-1".to_owned() });
    world.receive(by_provider("out-1"));
    world.receive(by_provider("out-2"));
    world.run();
    let events = world.events().split_off(before + 2);
    assert_eq!(names(&events), ["answered", "receipt", "ignored"]);
    assert!(matches!(events[1], Event::ReceiptApplied { message: m, .. } if m == message));
}

#[test]
fn a_closed_conversation_still_has_its_receipts() {
    let (mut world, message) = greeted();
    world.close(ANA, message.conversation);
    world.run();
    let before = world.events().len();
    world.answer(message, SendResult::Accepted { provider_id: "out-1".to_owned() });
    world.receive(receipt(message, Read));
    world.run();
    assert_eq!(names(&world.events()[before..]), ["answered", "receipt"]);
}

#[test]
fn a_receipt_of_another_channel_is_not_believed() {
    let (mut world, message) = greeted();
    let foreign = || Receipt { channel: MUTE, ..receipt(message, Read) };
    let before = world.events().len();
    world.receive(foreign());
    world.close(ANA, message.conversation);
    world.run();
    world.receive(foreign());
    world.run();
    world.crash();
    world.receive(Receipt { provider_id: "later".to_owned(), ..foreign() });
    world.receive(receipt(message, Read));
    world.run();
    let want = ["ignored", "closed", "ignored", "ignored", "receipt"];
    assert_eq!(names(&world.events()[before..]), want);
}

#[test]
fn a_closed_conversation_takes_receipts_for_so_long() {
    let (mut world, message) = greeted();
    world.close(ANA, message.conversation);
    world.run();
    world.advance(limit::RECEIPT_WINDOW);
    world.receive(receipt(message, Delivered));
    world.run();
    assert_eq!(names(&world.events()).pop(), Some("receipt"));
    // The hour it was closed in is forgotten whole, when the next conversation closes.
    world.advance(Duration::from_secs(2 * 3_600));
    world.write(&address_in(1, 0), "hi again");
    world.run();
    let next = world.open(&address_in(1, 0)).id;
    world.close(ANA, next);
    world.run();
    world.receive(receipt(message, Read));
    world.run();
    assert_eq!(names(&world.events()).pop(), Some("ignored"));
}

#[test]
fn a_receipt_for_what_was_never_sent_changes_nothing() {
    let (mut world, message) = greeted();
    let before = world.events().len();
    for seq in [0, 1, 99] {
        world.receive(receipt(MessageId { seq, ..message }, Read));
    }
    world.receive(Receipt { channel: CHANNEL, ..receipt(never(message), Read) });
    world.run();
    assert_eq!(names(&world.events()[before..]), ["ignored"; 4]);
}

#[test]
fn a_message_that_was_accepted_does_not_fail_by_a_repeat_of_its_send() {
    let (mut world, message) = greeted();
    let accepted = || SendResult::Accepted { provider_id: "out-1".to_owned() };
    let failed = || SendResult::Failed { code: 500, detail: String::new() };
    let before = world.records().len();
    world.answer(message, accepted());
    world.answer(message, accepted());
    world.answer(message, failed());
    world.run();
    let events: Vec<_> = world.records().split_off(before).into_iter().map(|r| r.events).collect();
    assert_eq!(events.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0, 0]);
}

#[test]
fn a_receipt_overrules_a_failure_that_no_provider_named() {
    let failed = |code| SendResult::Failed { code, detail: String::new() };
    for (code, status, want) in [
        (-5, Delivered, Some(Delivered)),
        (-5, Read, Some(Read)),
        (-5, Failed, Some(Failed)),
        (131_047, Delivered, Some(Failed)),
    ] {
        let (mut world, message) = greeted();
        world.answer(message, failed(code));
        world.run();
        let standing = |world: &mut World| {
            world.open(&address_in(1, 0)).sent(message.seq).and_then(|sent| sent.status)
        };
        assert_eq!(standing(&mut world), Some(Failed));
        world.receive(receipt(message, status));
        world.run();
        assert_eq!(standing(&mut world), want, "{status:?} after {code}");
        // What the provider said is final, as ever.
        world.receive(receipt(message, Sent));
        world.answer(message, failed(-5));
        world.run();
        assert_eq!(standing(&mut world), want, "{status:?} after {code}");
    }
}

#[test]
fn an_answer_to_a_send_that_never_was_goes_to_dead() {
    let (mut world, message) = greeted();
    world.answer(never(message), SendResult::Accepted { provider_id: "out-1".to_owned() });
    world.run();
    assert_eq!(names(&world.events()).pop(), Some("refused"));
    assert_eq!(world.dead().len(), 1);
}

fn never(message: MessageId) -> MessageId {
    let home = message.conversation;
    let conversation = model::id::ConversationId::new(home.shard(), home.lane(), 1_000);
    MessageId { conversation: conversation.unwrap(), seq: 2 }
}
