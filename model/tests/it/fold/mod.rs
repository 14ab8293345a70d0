//! State is what the records say: however they are read, repeated, mixed with strangers' or cut.

mod world;

use std::collections::BTreeMap;

use model::desk::{Body, Cause, Claimed, Event, SendResult, Stamped, wire};
use model::fold::{Conversation, Lane, Shard, Verdict};
use model::id::{ChannelId, CommandId, MessageId, UserId};
use model::limit;
use model::service::{Author, Content, ConversationState, ReceiptStatus};
use proptest::collection::vec;
use proptest::prelude::*;

use self::world::{CHANNEL, DEEDS, EPOCH, GROUP, World, lane_id, live, resume_at};

fn script() -> impl Strategy<Value = Vec<(u8, u8, u8)>> {
    vec((0..DEEDS, any::<u8>(), any::<u8>()), 0..150)
}

fn fold(log: &[Stamped]) -> Shard {
    let mut shard = Shard::default();
    for stamped in log {
        let read = wire::decode(&wire::encode(stamped)).unwrap();
        assert_eq!(shard.apply(&read), Verdict::Apply);
    }
    shard
}

/// What the shard holds besides the order of its records.
fn held(shard: Shard) -> Shard {
    Shard { order: Default::default(), ..shard }
}

/// The furthest of `statuses`: failed, else read, delivered, sent.
fn furthest(statuses: &[ReceiptStatus]) -> Option<ReceiptStatus> {
    use ReceiptStatus::{Delivered, Failed, Read, Sent};
    [Failed, Read, Delivered, Sent].into_iter().find(|status| statuses.contains(status))
}

proptest! {
    #[test]
    fn a_lane_that_writes_and_a_shard_that_reads_hold_the_same(script in script()) {
        let world = live(&script);
        let mut lanes = BTreeMap::<_, Lane>::new();
        for stamped in &world.log {
            if let Body::Record(record) = &stamped.body {
                lanes.entry(record.lane).or_default().apply(record);
            }
        }
        prop_assert_eq!(fold(&world.log).lanes, lanes);
    }

    #[test]
    fn the_fold_agrees_with_the_books(script in script()) {
        let world = live(&script);
        let shard = fold(&world.log);
        conversations_agree(&world, &shard)?;
        prop_assert_eq!(&shard.roll.presence, &world.presence);
        let (grace, renewed) = (&shard.roll.grace, &shard.roll.renewed);
        prop_assert_eq!((grace, renewed), (&world.grace, &world.renewed));
        prop_assert_eq!(shard.cursors.get(&GROUP), world.cursor.as_ref());
        let scores = shard.scores.iter().map(|(user, score)| (*user, (score.count, score.time)));
        prop_assert_eq!(scores.collect::<BTreeMap<_, _>>(), world.scores);
    }

    #[test]
    fn inputs_are_known_exactly_when_they_were_handled(script in script()) {
        let world = live(&script);
        let shard = fold(&world.log);
        for (n, inputs) in world.inputs.iter().enumerate() {
            let Some(lane) = shard.lanes.get(&lane_id(n)) else { continue };
            let progress = &lane.progress;
            prop_assert_eq!(progress.inbound(), resume_at(&inputs.inbound));
            prop_assert_eq!(progress.command(), resume_at(&inputs.command));
            prop_assert_eq!(progress.control(), resume_at(&inputs.control));
            for (offset, handled) in (0..).zip(&inputs.inbound) {
                prop_assert_eq!(progress.is_handled(Cause::Inbound(offset)), *handled);
            }
            let ends = (inputs.inbound.len() as u64, inputs.command.len() as u64);
            prop_assert!(!progress.is_handled(Cause::Inbound(ends.0)));
            prop_assert!(!progress.is_handled(Cause::Command(ends.1)));
        }
    }

    #[test]
    fn what_was_handled_is_known_as_a_duplicate(script in script()) {
        let world = live(&script);
        let shard = fold(&world.log);
        let knows = |id: &str| shard.lanes.values().any(|lane| lane.knows_message(CHANNEL, id));
        for provider_id in &world.received {
            prop_assert!(knows(provider_id), "{provider_id}");
        }
        let remembered: usize = shard.lanes.values().map(|lane| lane.messages.len()).sum();
        prop_assert_eq!(remembered, world.received.len());
        for &(user, id) in &world.commands {
            prop_assert!(shard.lanes.values().any(|lane| lane.knows_command(user, id)));
            let other = UserId(user.0 + 1);
            prop_assert!(!shard.lanes.values().any(|lane| lane.knows_command(other, id)));
        }
        let unknown = CommandId(u128::MAX);
        prop_assert!(!shard.lanes.values().any(|l| l.knows_command(UserId(0), unknown)));
    }

    #[test]
    fn repeats_and_strangers_change_nothing(
        script in script(),
        noise in vec((any::<prop::sample::Index>(), 0..4_u8), 0..20),
    ) {
        let world = live(&script);
        let mut log: Vec<(Stamped, bool)> = world.log.iter().map(|s| (s.clone(), true)).collect();
        for (at, kind) in noise {
            let at = at.index(log.len());
            let stranger = stranger(&log[at].0, kind);
            log.insert(at + 1, (stranger, false));
        }
        let mut shard = Shard::default();
        for (stamped, counts) in &log {
            prop_assert_eq!(shard.apply(stamped) == Verdict::Apply, *counts);
        }
        prop_assert_eq!(shard, fold(&world.log));
    }

    #[test]
    fn what_stands_behind_a_gap_is_void_until_the_next_claim(
        script in script(),
        lost in any::<prop::sample::Index>(),
    ) {
        let world = live(&script);
        prop_assume!(world.log.len() > 2);
        let lost = 1 + lost.index(world.log.len() - 2);
        let mut shard = fold(&world.log[..lost]);
        prop_assert_eq!(shard.apply(&world.log[lost + 1]), Verdict::Gap);
        for stamped in &world.log[lost..] {
            prop_assert_eq!(shard.apply(stamped), Verdict::Void);
        }
        prop_assert_eq!(held(shard.clone()), held(fold(&world.log[..lost])));
        prop_assert_eq!(shard.apply(&claim(&world.log[0], EPOCH + 1)), Verdict::Apply);
    }

    #[test]
    fn receipts_in_any_order_lead_to_the_furthest(
        statuses in vec(crate::strategy::receipt_status(), 1..8),
    ) {
        let mut conversation = replied(1);
        let message = MessageId { conversation: conversation.id, seq: conversation.last_seq };
        let at = conversation.opened_at;
        for (n, &status) in statuses.iter().enumerate() {
            let event = Event::ReceiptApplied { message, status, at, code: None };
            conversation.apply(&event, at);
            let now = conversation.sent(message.seq).and_then(|sent| sent.status);
            prop_assert_eq!(now, furthest(&statuses[..=n]));
        }
    }
}

fn conversations_agree(world: &World, shard: &Shard) -> Result<(), TestCaseError> {
    let folded = shard.lanes.values().flat_map(|lane| lane.conversations.values());
    let folded: BTreeMap<_, _> =
        folded.map(|conversation| (conversation.id, conversation)).collect();
    prop_assert!(folded.keys().eq(world.open.keys()));
    for (id, talk) in &world.open {
        let conversation = folded[id];
        prop_assert_eq!((conversation.state, conversation.agent), (talk.state, talk.agent));
        let held = talk.agent.filter(|_| talk.seated());
        prop_assert_eq!(conversation.seated(), held);
        prop_assert_eq!(conversation.last_seq, talk.last_seq);
        let sent = conversation.sent.iter().map(|sent| (sent.seq, sent.status));
        let noted = talk.sent.iter().map(|(seq, statuses)| (*seq, furthest(statuses)));
        prop_assert!(sent.eq(noted));
        let lane = &shard.lanes[&id.lane()];
        prop_assert_eq!(lane.of_address(CHANNEL, &talk.address).map(|c| c.id), Some(*id));
        prop_assert!(lane.next_counter > id.counter());
    }
    let addresses: usize = shard.lanes.values().map(|lane| lane.by_address.len()).sum();
    prop_assert_eq!(addresses, world.open.len());
    Ok(())
}

/// A record that must not count right behind `stamped`.
fn stranger(stamped: &Stamped, kind: u8) -> Stamped {
    let mut stranger = stamped.clone();
    match kind {
        0 => {}
        1 => {
            stranger.envelope.epoch = EPOCH + 1;
            stranger.envelope.number += 1;
        }
        2 => return claim(stamped, EPOCH),
        _ => return claim(stamped, EPOCH + 2),
    }
    if matches!(stranger.body, Body::Claimed(_)) { claim(stamped, EPOCH) } else { stranger }
}

fn claim(stamped: &Stamped, epoch: u32) -> Stamped {
    let mut claim = stamped.clone();
    (claim.envelope.epoch, claim.envelope.number) = (epoch, 0);
    claim.body = Body::Claimed(Claimed { epoch, attempt: 2 });
    claim
}

/// A conversation in which `count` messages were sent.
fn replied(count: u32) -> Conversation {
    let world = live(&[(0, 1, 1), (3, 0, 1)]);
    let shard = fold(&world.log);
    let lane = shard.lanes.values().next().unwrap();
    let mut conversation = lane.conversations.values().next().unwrap().clone();
    for _ in 0..count {
        let (message, content) = (conversation.next_id(), Content::Text(String::new()));
        let sent = Event::MessageSent { message, author: Author::Flow, content };
        conversation.apply(&sent, conversation.opened_at);
    }
    conversation
}

#[test]
fn only_the_newest_sent_messages_are_remembered() {
    let most = limit::VIEW_MESSAGES as u32;
    let mut conversation = replied(most + 2);
    assert_eq!(conversation.sent.len(), limit::VIEW_MESSAGES);
    let oldest = conversation.last_seq + 1 - most;
    assert!(conversation.sent(oldest).is_some() && conversation.sent(oldest - 1).is_none());
    let (id, last_seq) = (conversation.id, conversation.last_seq);
    let result = SendResult::Accepted { provider_id: "wamid.OUT".to_owned() };
    for seq in [oldest - 1, last_seq] {
        let message = MessageId { conversation: id, seq };
        let answer = Event::SendAnswered { message, result: result.clone(), tries: 1 };
        conversation.apply(&answer, conversation.opened_at);
    }
    assert_eq!(conversation.sent_as("wamid.OUT").map(|sent| sent.seq), Some(last_seq));
}

#[test]
fn a_closed_conversation_is_handed_back_and_leaves_the_lane() {
    let world = live(&[(0, 1, 1), (3, 0, 1), (7, 0, 40)]);
    let mut lane = Lane::default();
    let mut closed = Vec::new();
    for stamped in &world.log {
        if let Body::Record(record) = &stamped.body {
            closed.extend(lane.apply(record));
        }
    }
    let states: Vec<_> = closed.iter().map(|c| (c.state, c.last_seq)).collect();
    assert_eq!(states, [(ConversationState::Closed, 4)]);
    assert!(lane.conversations.is_empty() && lane.by_address.is_empty());
    let (id, channel) = (closed[0].id, closed[0].channel);
    assert!(lane.is_of_channel(id, channel), "what it was is remembered");
    assert!(!lane.is_of_channel(id, ChannelId(channel.0 + 1)));
    assert_eq!(lane.next_counter, 1, "its number is not used again");
}
