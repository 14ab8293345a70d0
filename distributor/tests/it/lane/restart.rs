//! Crashes and restarts: whatever happens, the log alone rebuilds the same state.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::desk::{Envelope, Event, Record, SendResult, Stamped, wire};
use model::fold;
use model::id::{ConversationId, MessageId, UserId};
use model::people::Presence;
use model::service::{ConversationState, ReceiptStatus};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use storage::port::{Partition, Topic};

use super::faulty::Fault;
use super::walk::receipt;
use super::world::{ANA, BEN, CHANNEL, SUSAN, World, address_in};

#[test]
fn a_restart_rebuilds_seats_lines_and_clocks() {
    let mut world = World::new();
    world.appear(ANA, Presence::Available);
    world.run();
    for n in 0..4 {
        world.write(&address_in(0, n), "hi");
        world.run();
    }
    let before: Vec<_> = (0..4).map(|n| world.open(&address_in(0, n))).collect();
    world.crash();
    let after: Vec<_> = (0..4).map(|n| world.open(&address_in(0, n))).collect();
    assert_eq!(before, after);
    assert_eq!(world.tenure().core.audit(), Default::default());
    world.close(ANA, after[0].id);
    world.run();
    assert_eq!(world.open(&address_in(0, 2)).state, ConversationState::Assigned, "the oldest");
    assert_eq!(world.open(&address_in(0, 3)).state, ConversationState::Queued);
    world.write(&address_in(0, 4), "hi");
    world.run();
    let keys = [3, 4].map(|n| world.open(&address_in(0, n)).queue_key);
    assert!(keys[0] < keys[1], "stamps go on where they were");
}

#[test]
fn a_refusal_that_comes_late_ends_the_owner_and_nothing_is_lost() {
    let mut world = World::new();
    world.log.break_next(Fault::FullLate);
    world.write(&address_in(0, 0), "hi");
    assert!(world.turn(0), "decided, and not known to be refused");
    world.log.answer_late();
    world.write(&address_in(0, 1), "hi");
    world.run();
    assert_eq!(world.refold().order.epoch(), 2);
    for n in 0..2 {
        assert_eq!(world.open(&address_in(0, n)).state, ConversationState::Queued);
    }
}

#[test]
fn f50_a_newer_releases_record_that_may_be_skipped_stops_no_owner() {
    let mut world = World::new();
    world.write(&address_in(0, 0), "hi");
    world.run();
    let events = Partition::new(Topic::Events, 0);
    let newest = world.stamped(events).pop().unwrap();
    let envelope = Envelope { number: newest.envelope.number + 1, ..newest.envelope };
    let mut newer = wire::encode(&Stamped { envelope, ..newest }).to_vec();
    // Of the header: the flag that the kind must be understood, and the kind.
    (newer[1], newer[3]) = (0, 200);
    world.append(events, newer.into());
    assert_eq!(world.tenure().watch.look().unwrap(), None);
    world.begin();
    assert_eq!(world.tenure().epoch, 2);
    assert_eq!(world.open(&address_in(0, 0)).state, ConversationState::Queued);
}

#[test]
fn a_conversation_waiting_at_the_crash_gets_an_agent_who_came_before_it() {
    let mut world = World::new();
    world.write(&address_in(1, 0), "hi");
    world.run();
    world.appear(ANA, Presence::Available);
    world.turn(0);
    world.crash();
    world.run();
    assert_eq!(world.open(&address_in(1, 0)).agent, Some(ANA));
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Write(usize),
    Repeat(prop::sample::Index),
    Say(usize, UserId),
    Close(usize, UserId),
    Wish(prop::sample::Index),
    Appear(UserId, Presence),
    Answer(usize),
    Receive(usize, ReceiptStatus),
    Poison(u8),
    Turn(usize),
    Break(Fault),
    Crash,
    Wait(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let contact = || 0..8_usize;
    let user = || prop::sample::select(vec![ANA, BEN, SUSAN]);
    let presence = prop::sample::select(vec![
        Presence::Available,
        Presence::Available,
        Presence::Paused,
        Presence::Offline,
    ]);
    let status = prop::sample::select(vec![ReceiptStatus::Delivered, ReceiptStatus::Read]);
    let fault =
        prop::sample::select(vec![Fault::Full(3), Fault::Lost, Fault::LostLate, Fault::Unknown]);
    let index = || any::<prop::sample::Index>();
    prop_oneof![
        8u32 => contact().prop_map(Op::Write),
        2u32 => index().prop_map(Op::Repeat),
        4u32 => (contact(), user()).prop_map(|(c, u)| Op::Say(c, u)),
        6u32 => (contact(), user()).prop_map(|(c, u)| Op::Close(c, u)),
        1u32 => index().prop_map(Op::Wish),
        4u32 => (user(), presence).prop_map(|(u, p)| Op::Appear(u, p)),
        2u32 => contact().prop_map(Op::Answer),
        2u32 => (contact(), status).prop_map(|(c, s)| Op::Receive(c, s)),
        1u32 => (0..2_u8).prop_map(Op::Poison),
        12u32 => (0..2_usize).prop_map(Op::Turn),
        1u32 => fault.prop_map(Op::Break),
        1u32 => Just(Op::Crash),
        2u32 => (0..40_u64).prop_map(Op::Wait),
    ]
}

/// What was sent, to be compared with what the log shows.
#[derive(Default)]
struct Sent {
    messages: Vec<(usize, String)>,
    wishes: Vec<(UserId, model::id::CommandId, ConversationId)>,
    poison: usize,
}

fn contact(n: usize) -> String {
    address_in((n % 2) as u8, n / 2)
}

/// The open conversation of a contact, as those outside see it: in the log.
fn conversation_of(world: &World, n: usize) -> Option<ConversationId> {
    let (fold, address) = (world.refold(), contact(n));
    fold.lanes.values().find_map(|lane| lane.of_address(CHANNEL, &address)).map(|open| open.id)
}

fn act(world: &mut World, sent: &mut Sent, op: Op) {
    match op {
        Op::Write(n) => {
            let id = world.write(&contact(n), "hi");
            sent.messages.push((n, id));
        }
        Op::Repeat(index) if !sent.messages.is_empty() => {
            let (n, id) = index.get(&sent.messages).clone();
            world.deliver(CHANNEL, &contact(n), &id, "hi");
        }
        Op::Wish(index) if !sent.wishes.is_empty() => {
            let (user, id, conversation) = *index.get(&sent.wishes);
            world.wish_as(user, id, model::desk::Command::Close { conversation });
        }
        Op::Appear(user, presence) => world.appear(user, presence),
        Op::Poison(lane) => {
            let partition =
                storage::port::Partition::new(storage::port::Topic::Inbound, lane.into());
            world.append(partition, bytes::Bytes::from_static(b"poison"));
            sent.poison += 1;
        }
        Op::Turn(lane) => drop(world.turn(lane)),
        Op::Break(fault) => world.log.break_next(fault),
        Op::Crash => world.crash(),
        Op::Wait(seconds) => world.advance(Duration::from_secs(seconds)),
        Op::Say(n, _) | Op::Close(n, _) | Op::Answer(n) | Op::Receive(n, _) => {
            if let Some(conversation) = conversation_of(world, n) {
                act_on(world, sent, op, conversation);
            }
        }
        Op::Repeat(_) | Op::Wish(_) => {}
    }
}

fn act_on(world: &mut World, sent: &mut Sent, op: Op, conversation: ConversationId) {
    let greeting = MessageId { conversation, seq: 2 };
    match op {
        Op::Say(_, user) => world.say(user, conversation, "hello"),
        Op::Close(_, user) => {
            let id = world.wish(user, model::desk::Command::Close { conversation });
            sent.wishes.push((user, id, conversation));
        }
        Op::Answer(_) => {
            world.answer(greeting, SendResult::Accepted { provider_id: "out".to_owned() });
        }
        Op::Receive(_, status) => world.receive(receipt(greeting, status)),
        _ => {}
    }
}

/// C2, C3, C6, C8: each input caused exactly one record, each message one effect, in order.
fn check_inputs(world: &World, sent: &Sent) -> Result<(), TestCaseError> {
    let records = world.records();
    let mut causes = BTreeSet::new();
    for record in &records {
        let first = causes.insert((record.lane, record.cause));
        let input = !matches!(record.cause, model::desk::Cause::HandOver(_));
        prop_assert!(first || !input, "two records of {:?}", record.cause);
    }
    let mut received: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut fold = BTreeMap::new();
    for event in records.iter().flat_map(|record| &record.events) {
        match event {
            Event::Opened(opened) => drop(fold.insert(opened.conversation, opened.address.clone())),
            Event::MessageReceived { message, provider_id, .. } => {
                let address = fold[&message.conversation].clone();
                received.entry(address).or_default().push(provider_id.clone());
            }
            _ => {}
        }
    }
    let mut want: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (n, id) in &sent.messages {
        want.entry(contact(*n)).or_default().push(id.clone());
    }
    prop_assert_eq!(received, want);
    let refused = records.iter().flat_map(|r| &r.events);
    let refused = refused.filter(|event| matches!(event, Event::InputRefused { .. })).count();
    prop_assert_eq!(refused, sent.poison);
    prop_assert!(world.dead().len() >= sent.poison);
    for (user, id, _) in &sent.wishes {
        let answers = records.iter().filter(|r| r.answers == Some((*user, *id))).count();
        prop_assert_eq!(answers, 1);
    }
    Ok(())
}

/// C5 on every prefix: an agent's open conversations ≤ the highest cap these carry.
fn check_caps(records: &[Record]) -> Result<(), TestCaseError> {
    let mut held: BTreeMap<UserId, BTreeMap<ConversationId, u8>> = BTreeMap::new();
    for event in records.iter().flat_map(|record| &record.events) {
        match event {
            Event::Assigned(assigned) => {
                let of_agent = held.entry(assigned.agent).or_default();
                of_agent.insert(assigned.conversation, assigned.cap);
                let highest = of_agent.values().max().copied().unwrap_or(0);
                prop_assert!(of_agent.len() <= usize::from(highest), "C5: {:?}", assigned);
            }
            Event::Closed { conversation, .. } => {
                held.values_mut()
                    .for_each(|of_agent| of_agent.retain(|open, _| open != conversation));
            }
            _ => {}
        }
    }
    Ok(())
}

/// C7, C9 and the folds: nothing was lost in memory that the log does not show.
fn check_state(world: &mut World) -> Result<(), TestCaseError> {
    let refold: fold::Shard = world.refold();
    prop_assert_eq!(world.tenure().core.audit(), Default::default());
    for worker in &world.tenure().workers {
        let lane = worker.lane();
        let empty = fold::Lane::default();
        prop_assert_eq!(lane.state(), refold.lanes.get(&lane.id()).unwrap_or(&empty));
        let open = lane.state().conversations.values();
        let seated = open.filter(|c| c.state == ConversationState::Assigned).count();
        let total = lane.state().conversations.len();
        prop_assert_eq!(lane.load(), (total - seated, seated));
    }
    Ok(())
}

proptest! {
    #[test]
    fn whatever_crashes_each_input_has_one_effect_and_no_seat_is_lost(
        ops in prop::collection::vec(op(), 0..120),
    ) {
        let mut world = World::new();
        let mut sent = Sent::default();
        for op in ops {
            act(&mut world, &mut sent, op);
        }
        world.run();
        world.log.answer_late();
        world.run();
        check_inputs(&world, &sent)?;
        check_caps(&world.records())?;
        check_state(&mut world)?;
        world.crash();
        world.run();
        check_state(&mut world)?;
    }
}
