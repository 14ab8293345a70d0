//! The same again, and in another order.

use std::collections::BTreeMap;
use std::time::Duration;

use model::desk::{Body, Envelope, Event, Inbound, SendResult, Stamped, wire};
use model::id::MessageId;
use model::people::Presence;
use model::service::{Content, ReceiptStatus};
use model::time::Clock;
use proptest::prelude::*;
use storage::port::{Partition, Topic};

use crate::lane::walk::{names, receipt};
use crate::lane::world::{ANA, CHANNEL, World, address_in};

#[derive(Clone, Copy, Debug)]
enum Step {
    /// One of a few messages, so many times.
    Deliver(usize, usize),
    Turn(usize),
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    let times = prop_oneof![4u32 => 1..5_usize, 1u32 => Just(1_000_usize)];
    prop_oneof![
        6u32 => (0..12_usize, times).prop_map(|(message, times)| Step::Deliver(message, times)),
        6u32 => (0..2_usize).prop_map(Step::Turn),
        1u32 => Just(Step::Crash),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn f24_a_message_delivered_up_to_thousands_of_times_has_one_effect(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut world = World::new();
        let (mut delivered, mut first) = (0, BTreeMap::<usize, Vec<usize>>::new());
        for step in steps {
            match step {
                Step::Deliver(message, times) => {
                    // Messages 0, 4, 8 are of one customer, 1, 5, 9 of another, and so on.
                    let contact = message % 4;
                    let address = address_in((contact % 2) as u8, contact / 2);
                    let id = format!("wamid.{message}");
                    (0..times).for_each(|_| world.deliver(CHANNEL, &address, &id, "hi"));
                    delivered += times;
                    let known = first.entry(contact).or_default();
                    if !known.contains(&message) {
                        known.push(message);
                    }
                }
                Step::Turn(lane) => drop(world.turn(lane)),
                Step::Crash => world.crash(),
            }
        }
        world.run();
        let (mut received, mut duplicates) = (BTreeMap::<usize, Vec<usize>>::new(), 0);
        for event in world.events() {
            match event {
                Event::MessageReceived { provider_id, .. } => {
                    let message = provider_id.strip_prefix("wamid.").unwrap().parse().unwrap();
                    received.entry(message % 4).or_default().push(message);
                }
                Event::Duplicate { .. } => duplicates += 1,
                _ => {}
            }
        }
        prop_assert_eq!(received.values().map(Vec::len).sum::<usize>() + duplicates, delivered);
        prop_assert_eq!(received, first, "C2, and C3: in the order in which they came first");
    }

    #[test]
    fn f25_whatever_the_order_of_receipts_and_answer_a_message_moves_on_only(
        script in prop::collection::vec(0..4_usize, 1..16),
        crash in any::<prop::sample::Index>(),
    ) {
        use ReceiptStatus::{Delivered, Read, Sent};
        let mut world = World::new();
        world.appear(ANA, Presence::Available);
        world.run();
        world.write(&address_in(1, 0), "hi");
        world.run();
        let conversation = world.open(&address_in(1, 0)).id;
        let message = MessageId { conversation, seq: 2 };
        let statuses = [Sent, Delivered, Read];
        let crash = crash.index(script.len());
        for (n, step) in script.iter().enumerate() {
            match statuses.get(*step) {
                Some(status) => world.receive(receipt(message, *status)),
                None => world.answer(message, SendResult::Accepted { provider_id: "p".to_owned() }),
            }
            if n == crash {
                world.turn(1);
                world.crash();
            }
        }
        world.run();
        let rank = |status: ReceiptStatus| statuses.iter().position(|one| *one == status).unwrap();
        let applied: Vec<usize> = world
            .events()
            .iter()
            .filter_map(|event| match event {
                Event::ReceiptApplied { status, .. } => Some(rank(*status)),
                _ => None,
            })
            .collect();
        prop_assert!(applied.is_sorted_by(|a, b| a < b), "C3: {:?}", applied);
        // An answer says already that it was sent.
        let first = script.iter().find(|step| [0, 3].contains(step));
        let told = if first == Some(&3) { 1..3 } else { 0..3 };
        let highest = script.iter().copied().filter(|step| told.contains(step)).max();
        prop_assert_eq!(applied.last().copied(), highest, "the furthest counts");
        let answers = names(&world.events()).into_iter().filter(|name| *name == "answered").count();
        prop_assert!(answers <= 1);
    }
}

#[test]
fn f25_a_day_old_message_is_taken_in_the_order_in_which_it_came() {
    let mut world = World::new();
    let address = address_in(0, 0);
    let day = Duration::from_secs(24 * 3_600);
    let now = world.clock.now();
    for (id, age) in [("new", Duration::ZERO), ("old", day), ("older", 3 * day)] {
        let body = Body::Inbound(Inbound {
            channel: CHANNEL,
            address: address.clone(),
            name: String::new(),
            provider_id: id.to_owned(),
            sent_at: now - age,
            received_at: now,
            content: Content::Text(id.to_owned()),
        });
        let bytes = wire::encode(&Stamped { envelope: Envelope::of_input(now), body });
        world.append(Partition::new(Topic::Inbound, 0), bytes);
    }
    world.deliver(CHANNEL, &address, "old", "old");
    world.run();
    let received: Vec<_> = world
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::MessageReceived { provider_id, sent_at, .. } => Some((provider_id, sent_at)),
            _ => None,
        })
        .collect();
    let want = [("new", now), ("old", now - day), ("older", now - 3 * day)];
    assert_eq!(received, want.map(|(id, at)| (id.to_owned(), at)), "with the times they have");
    assert_eq!(names(&world.events()).last(), Some(&"duplicate"));
}
