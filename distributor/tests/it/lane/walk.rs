//! A conversation from the customer's first message to its end.

use std::time::Duration;

use model::desk::{Cause, Event, Receipt, Resume, SendResult, Why};
use model::id::{LaneId, MessageId};
use model::people::{Policy, Presence};
use model::service::{Author, CloseReason, Content, ConversationState, ReceiptStatus};

use super::world::{ANA, CHANNEL, GROUP, MUTE, World, address_in};

/// The names of what happened, in order.
pub(crate) fn names(events: &[Event]) -> Vec<&'static str> {
    let name = |event: &Event| match event {
        Event::Opened(_) => "opened",
        Event::MessageReceived { .. } => "received",
        Event::MessageSent { .. } => "sent",
        Event::Queued(_) => "queued",
        Event::Assigned(_) => "assigned",
        Event::Moved(_) => "moved",
        Event::Pended { .. } => "pended",
        Event::Warned { .. } => "warned",
        Event::Closed { .. } => "closed",
        Event::SendAnswered { .. } => "answered",
        Event::ReceiptApplied { .. } => "receipt",
        Event::PresenceChanged { .. } => "presence",
        Event::LeasesRenewed { .. } => "renewed",
        Event::SettingsApplied { .. } => "settings",
        Event::Duplicate { .. } => "duplicate",
        Event::ReceiptIgnored { .. } => "ignored",
        Event::CommandRejected { .. } => "rejected",
        Event::InputRefused { .. } => "refused",
    };
    events.iter().map(name).collect()
}

#[test]
fn the_whole_walk_writes_the_expected_records() {
    let mut world = World::new();
    let address = address_in(1, 0);
    world.appear(ANA, Presence::Available);
    world.run();
    world.write(&address, "hi");
    world.run();

    let opening = world.records().pop().unwrap();
    let want = ["opened", "received", "sent", "assigned"];
    assert_eq!(names(&opening.events), want);
    assert_eq!((opening.cause, opening.lane.get()), (Cause::Inbound(0), 1));
    assert_eq!(opening.resume, [Resume::Inbound(1)]);
    let open = world.open(&address);
    assert_eq!((open.state, open.agent), (ConversationState::Assigned, Some(ANA)));
    assert_eq!(open.last_seq, 3, "received, greeting, assigned");
    let Event::Assigned(assigned) = &opening.events[3] else { unreachable!() };
    assert_eq!((assigned.group, assigned.cap), (GROUP, 2));
    assert!(matches!(assigned.why, Why::Policy { policy: Policy::Circular, .. }));

    world.say(ANA, open.id, "How can I help?");
    world.run();
    let reply = MessageId { conversation: open.id, seq: 4 };
    world.answer(reply, SendResult::Accepted { provider_id: "out-1".to_owned() });
    world.receive(receipt(reply, ReceiptStatus::Read));
    world.advance(Duration::from_secs(90));
    world.close(ANA, open.id);
    world.run();

    let events = world.events();
    let after: Vec<_> = names(&events).split_off(5);
    assert_eq!(after, ["sent", "answered", "receipt", "closed"]);
    let sent = Event::MessageSent {
        message: reply,
        author: Author::User(ANA),
        content: Content::Text("How can I help?".to_owned()),
    };
    assert_eq!(events[5], sent);
    let closed = Event::Closed {
        conversation: open.id,
        seq: 5,
        by: Author::User(ANA),
        reason: CloseReason::Agent,
        handled: Duration::from_secs(90),
    };
    assert_eq!(events[8], closed);
    let lane = world.refold().lanes.remove(&LaneId::new(1).unwrap()).unwrap();
    assert!(lane.conversations.is_empty() && lane.by_address.is_empty());
    assert_eq!(world.tenure().core.audit(), Default::default());
}

pub(crate) fn receipt(message: MessageId, status: ReceiptStatus) -> Receipt {
    Receipt {
        channel: CHANNEL,
        message: Some(message),
        provider_id: "out-1".to_owned(),
        address: String::new(),
        status,
        at: Default::default(),
        code: None,
    }
}

#[test]
fn a_message_delivered_again_has_no_second_effect() {
    let mut world = World::new();
    let address = address_in(0, 0);
    let id = world.write(&address, "hi");
    world.deliver(CHANNEL, &address, &id, "hi");
    world.run();
    world.deliver(CHANNEL, &address, &id, "hi");
    world.run();
    let events = world.events();
    let want = ["opened", "received", "sent", "queued", "duplicate", "duplicate"];
    assert_eq!(names(&events), want);
    let duplicate = Event::Duplicate { channel: CHANNEL, provider_id: id };
    assert_eq!(events[4], duplicate);
}

#[test]
fn messages_of_one_contact_keep_their_order() {
    let mut world = World::new();
    let address = address_in(1, 3);
    let ids: Vec<_> = (0..600).map(|n| world.write(&address, &n.to_string())).collect();
    world.run();
    let received: Vec<_> = world
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::MessageReceived { provider_id, message, .. } => Some((provider_id, message.seq)),
            _ => None,
        })
        .collect();
    assert_eq!(received.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>(), ids);
    assert!(received.iter().is_sorted_by_key(|(_, seq)| *seq));
}

#[test]
fn a_flow_that_never_routes_closes_what_it_opened() {
    let mut world = World::new();
    let place = world.plan.place;
    let address = (0..)
        .map(|n| format!("7{n}"))
        .find(|a| place.of_address(world.plan.shard, MUTE, a).index() == 0)
        .unwrap();
    world.deliver(MUTE, &address, "m1", "hi");
    world.deliver(MUTE, &address, "m2", "hello?");
    world.run();
    let want = ["opened", "received", "sent", "closed"];
    assert_eq!(names(&world.events()), [want, want].concat());
    assert!(world.refold().lanes[&LaneId::FIRST].conversations.is_empty());
}

#[test]
fn stamps_of_one_lane_grow_even_within_one_instant() {
    let mut world = World::new();
    for n in 0..5 {
        world.write(&address_in(0, n), "hi");
    }
    world.run();
    let keys: Vec<_> = world
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::Queued(queued) => Some(queued.key),
            _ => None,
        })
        .collect();
    assert_eq!(keys.len(), 5);
    assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{keys:?}");
}
