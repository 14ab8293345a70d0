//! A shard as its `events` show it, kept by plain means of its own: every record is judged as it
//! comes, so every prefix of the log is.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use model::desk::{Body, Cause, Event, MoveKind, Record, Resume, Settings, Stamped, wire};
use model::fold::{self, Verdict};
use model::id::{ChannelId, CommandId, ConversationId, GroupId, LaneId, ShardId, UserId};
use model::people::Presence;
use model::service::ReceiptStatus;
use model::time::Timestamp;
use storage::port::{Log, Logged, Offset, Partition, Topic};

use crate::check::answered::nobody_has_answered;
use crate::check::hours::Hours;
use crate::check::{judge, name};
use crate::faulty::FaultyLog;
use crate::ledger::Ledger;
use crate::tally::Tally;

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Bot,
    Queued {
        group: GroupId,
        key: i64,
    },
    Assigned {
        agent: UserId,
        group: GroupId,
    },
    Pending {
        agent: UserId,
        group: GroupId,
    },
    /// In an agent's own line.
    Own {
        agent: UserId,
        group: GroupId,
        key: i64,
    },
    /// Between two events of one record; the key it waited by, if it did.
    Moving {
        kind: MoveKind,
        group: GroupId,
        key: Option<i64>,
    },
    Closed,
}

impl Stage {
    /// The responsible agent.
    pub(crate) const fn agent(self) -> Option<UserId> {
        match self {
            Self::Assigned { agent, .. }
            | Self::Pending { agent, .. }
            | Self::Own { agent, .. } => Some(agent),
            Self::Bot | Self::Queued { .. } | Self::Moving { .. } | Self::Closed => None,
        }
    }

    /// The group it is in.
    pub(crate) const fn group(self) -> Option<GroupId> {
        match self {
            Self::Queued { group, .. }
            | Self::Assigned { group, .. }
            | Self::Pending { group, .. }
            | Self::Own { group, .. }
            | Self::Moving { group, .. } => Some(group),
            Self::Bot | Self::Closed => None,
        }
    }
}

/// A conversation, open or over.
#[derive(Clone, Debug)]
pub(crate) struct Talk {
    pub(crate) channel: ChannelId,
    pub(crate) address: String,
    pub(crate) stage: Stage,
    pub(crate) customer_at: Timestamp,
    pub(crate) sent: BTreeMap<u32, Option<ReceiptStatus>>,
    pub(crate) assigned_at: Timestamp,
    /// By which it was queued last, or else when it came.
    pub(crate) key: i64,
    seq: u32,
}

/// What a lane wrote so far.
#[derive(Default)]
pub(super) struct Written {
    handled: BTreeMap<Topic, BTreeSet<Offset>>,
    resumed: BTreeMap<Topic, Offset>,
    counter: u64,
    at: Timestamp,
    pub(super) key: i64,
}

/// The books of one shard.
pub(crate) struct Books {
    pub(crate) shard: ShardId,
    pub(crate) events: Partition,
    pub(crate) epoch: u32,
    /// Whose claim is in force.
    pub(crate) attempt: u128,
    /// Whether records of the epoch in force count no more.
    pub(crate) gap: bool,
    pub(crate) fold: fold::Shard,
    pub(crate) settings: Settings,
    /// What was in force lately: lanes learn of settings one after the other.
    past: VecDeque<Settings>,
    pub(crate) talks: BTreeMap<ConversationId, Talk>,
    pub(crate) open: BTreeMap<(ChannelId, String), ConversationId>,
    pub(crate) seats: BTreeMap<UserId, BTreeMap<ConversationId, u8>>,
    pub(crate) presence: BTreeMap<UserId, Presence>,
    /// When each message that had an effect was appended, and each command that was answered.
    pub(crate) messages: HashMap<(ChannelId, String), Timestamp>,
    pub(crate) commands: HashMap<(UserId, CommandId), Timestamp>,
    pub(crate) dead: HashSet<String>,
    /// Since the last rest: who got a freed seat, and whether the house changed.
    pub(crate) served: Vec<(GroupId, ConversationId)>,
    pub(crate) restless: bool,
    pub(crate) hours: Hours,
    pub(super) lanes: BTreeMap<LaneId, Written>,
    last: u64,
    next: Offset,
}

impl Books {
    /// Settings kept that are in force no more.
    const PAST: usize = 12;

    pub(crate) fn new(shard: ShardId) -> Self {
        Self {
            shard,
            events: Partition::new(Topic::Events, u32::from(shard.get())),
            epoch: 0,
            attempt: 0,
            gap: false,
            fold: fold::Shard::default(),
            settings: Settings::default(),
            past: VecDeque::new(),
            talks: BTreeMap::new(),
            open: BTreeMap::new(),
            seats: BTreeMap::new(),
            presence: BTreeMap::new(),
            messages: HashMap::new(),
            commands: HashMap::new(),
            dead: HashSet::new(),
            served: Vec::new(),
            restless: true,
            hours: Hours::default(),
            lanes: BTreeMap::new(),
            last: 0,
            next: 0,
        }
    }

    /// Judges what was added to the log.
    pub(crate) fn read(&mut self, log: &FaultyLog, ledger: &Ledger, tally: &mut Tally) {
        if log.bounds(self.events).unwrap().end == self.next {
            return;
        }
        let mut read = Vec::new();
        log.read(self.events, self.next, usize::MAX, &mut read).unwrap();
        for Logged { offset, bytes, .. } in read {
            self.next = offset + 1;
            let stamped = wire::decode(&bytes).unwrap();
            let verdict = self.judge(&stamped);
            assert_eq!(self.fold.apply(&stamped), verdict, "C4: record {offset} is judged twice");
            match (verdict, stamped.body) {
                (Verdict::Apply, Body::Record(record)) => {
                    let moment = self.hours.moments.lock().of(self.epoch, self.last);
                    self.hours.judge(&record, &moment);
                    nobody_has_answered(self, (&record, &moment), log, ledger);
                    self.record(&record, ledger, tally);
                    self.hours.apply(&record);
                }
                (Verdict::Apply, Body::Claimed(claim)) => {
                    self.attempt = claim.attempt;
                    self.restless = true;
                }
                (Verdict::Gap, _) => {
                    tally.count("verdict", "gap");
                    let lost = log.is_lossy((self.events, self.epoch));
                    assert!(lost, "C8: numbers of epoch {} are not dense at {offset}", self.epoch);
                }
                (Verdict::Repeat, _) => tally.count("verdict", "repeat"),
                (Verdict::Void, _) => tally.count("verdict", "void"),
                (Verdict::Apply, other) => panic!("C6: not a record of events: {other:?}"),
            }
        }
    }

    fn judge(&mut self, stamped: &Stamped) -> Verdict {
        let envelope = stamped.envelope;
        if let Body::Claimed(claim) = &stamped.body {
            if claim.epoch != self.epoch + 1 {
                return Verdict::Void;
            }
            (self.epoch, self.last, self.gap) = (claim.epoch, 0, false);
            return Verdict::Apply;
        }
        if envelope.epoch != self.epoch || self.gap {
            return Verdict::Void;
        }
        if envelope.number <= self.last {
            return Verdict::Repeat;
        }
        if envelope.number > self.last + 1 {
            self.gap = true;
            return Verdict::Gap;
        }
        self.last = envelope.number;
        Verdict::Apply
    }

    fn record(&mut self, record: &Record, ledger: &Ledger, tally: &mut Tally) {
        if let Some((kind, name)) = name::of_time(record.cause) {
            tally.count(kind, name);
        }
        self.progress(record);
        let spoken = judge::input(self, record, ledger, tally);
        if let Some(answered) = record.answers {
            let before = self.commands.insert(answered, spoken);
            let again = judge::is_known(before, spoken, judge::COMMANDS);
            assert!(!again, "C2: {answered:?} is answered again");
        }
        for event in &record.events {
            tally.count("event", name::of(event));
            self.event(record, event, tally);
            if let Event::MessageReceived { message, provider_id, .. } = event {
                let channel = self.talks[&message.conversation].channel;
                let before = self.messages.insert((channel, provider_id.clone()), spoken);
                let again = judge::is_known(before, spoken, judge::MESSAGES);
                assert!(!again, "C2: {provider_id} is received again");
            }
        }
        if let (Cause::Settings(offset), [Event::SettingsApplied { .. }]) =
            (record.cause, &record.events[..])
        {
            self.restless = true;
            self.past.push_front(self.settings.clone());
            self.past.truncate(Self::PAST);
            let entity = ledger.entity(offset);
            if self.settings.apply(entity.clone()).is_ok() {
                self.hours.rule(entity);
            }
        }
        let moves = |event: &Event| matches!(event, Event::Moved(_));
        for moved in record.events.iter().filter(|event| moves(event)) {
            let stage = self.talks[&moved.conversation().unwrap()].stage;
            assert!(!matches!(stage, Stage::Moving { .. }), "C6: it is nowhere: {record:?}");
        }
    }

    /// C2, C8: each input once, and none is resumed past that was not handled.
    fn progress(&mut self, record: &Record) {
        let written = self.lanes.entry(record.lane).or_default();
        assert!(record.at >= written.at, "C3: time of {:?} went back: {record:?}", record.lane);
        written.at = record.at;
        if let Some((topic, offset)) = name::input_of(record.cause) {
            let first = written.handled.entry(topic).or_default().insert(offset);
            assert!(first, "C2: {:?} is handled again", record.cause);
        }
        for resume in &record.resume {
            let (topic, next) = match *resume {
                Resume::Inbound(next) => (Topic::Inbound, next),
                Resume::Command(next) => (Topic::Commands, next),
                Resume::Control(next) => (Topic::Control, next),
                Resume::Settings(next) => (Topic::Settings, next),
            };
            let handled = written.handled.entry(topic).or_default();
            let from = written.resumed.entry(topic).or_default();
            let missed = (*from..next).find(|offset| !handled.contains(offset));
            assert_eq!(missed, None, "C8: {topic:?} is resumed at {next}: {record:?}");
            *from = next.max(*from);
        }
    }

    /// Whether a lane has handled an input.
    pub(crate) fn has_handled(&self, lane: LaneId, topic: Topic, offset: Offset) -> bool {
        let handled = self.lanes.get(&lane).and_then(|written| written.handled.get(&topic));
        handled.is_some_and(|handled| handled.contains(&offset))
    }

    /// How many inputs of a partition are handled.
    pub(crate) fn handled(&self, lane: LaneId, topic: Topic) -> usize {
        let written = self.lanes.get(&lane);
        written.and_then(|written| written.handled.get(&topic)).map_or(0, BTreeSet::len)
    }

    fn event(&mut self, record: &Record, event: &Event, tally: &mut Tally) {
        match event {
            Event::Opened(opened) => self.opened(record, opened),
            Event::MessageReceived { message, sent_at, .. } => {
                let talk = self.step(message.conversation, message.seq);
                talk.customer_at = talk.customer_at.max(*sent_at);
            }
            Event::MessageSent { message, .. } => {
                self.step(message.conversation, message.seq).sent.insert(message.seq, None);
            }
            Event::Queued(queued) => self.queued(record.lane, queued, tally),
            Event::Assigned(assigned) => self.assigned(record.at, assigned, tally),
            Event::Moved(moved) => self.moved(record.at, moved, tally),
            Event::Pended { conversation, seq, handled, .. } => {
                self.pended(record.at, (*conversation, *seq), *handled, tally);
            }
            Event::Closed { conversation, seq, reason, handled, .. } => {
                tally.count("closed by", reason.name());
                let held = self.give_back(*conversation, record.at);
                assert_eq!(*handled, held, "C9: {event:?}");
                let talk = self.step(*conversation, *seq);
                talk.stage = Stage::Closed;
                let key = (talk.channel, talk.address.clone());
                self.open.remove(&key);
            }
            Event::SendAnswered { message, result, .. } => {
                let status = match result {
                    model::desk::SendResult::Accepted { .. } => ReceiptStatus::Sent,
                    model::desk::SendResult::Failed { .. } => ReceiptStatus::Failed,
                };
                let talk = self.talks.get_mut(&message.conversation);
                let known = talk.and_then(|talk| talk.sent.get_mut(&message.seq));
                known.into_iter().for_each(|known| *known = (*known).max(Some(status)));
            }
            Event::ReceiptApplied { message, status, .. } => {
                let talk = self.talks.get_mut(&message.conversation).unwrap();
                let is_open = talk.stage != Stage::Closed;
                if let Some(known) = talk.sent.get_mut(&message.seq) {
                    let moves = Some(*status) > *known;
                    assert!(moves || !is_open, "C3: a receipt moved back: {event:?}");
                    *known = (*known).max(Some(*status));
                }
            }
            Event::PresenceChanged { user, presence, .. } => {
                self.restless = true;
                self.presence.insert(*user, *presence);
            }
            Event::CommandRejected { rejection } => tally.count("rejection", rejection.name()),
            Event::InputRefused { reason } => tally.count("refusal", reason.name()),
            Event::Warned { conversation, seq, .. } => drop(self.step(*conversation, *seq)),
            Event::SettingsApplied { .. }
            | Event::LeasesRenewed { .. }
            | Event::Duplicate { .. }
            | Event::ReceiptIgnored { .. } => {}
        }
    }

    fn opened(&mut self, record: &Record, opened: &model::desk::Opened) {
        let (id, lane) = (opened.conversation, record.lane);
        let written = self.lanes.entry(lane).or_default();
        assert_eq!((id.shard(), id.lane()), (self.shard, lane), "C4: {id} is of another lane");
        assert!(id.counter() >= written.counter, "C4: {id} was given before");
        written.counter = id.counter() + 1;
        let key = (opened.channel, opened.address.clone());
        let before = self.open.insert(key, id);
        assert_eq!(before, None, "C4: an address has two open conversations: {opened:?}");
        let talk = Talk {
            channel: opened.channel,
            address: opened.address.clone(),
            stage: Stage::Bot,
            customer_at: record.at,
            sent: BTreeMap::new(),
            assigned_at: record.at,
            key: record.at.as_micros(),
            seq: 0,
        };
        self.talks.insert(id, talk);
    }

    /// What was in force lately, the newest first.
    pub(crate) fn recent(&self) -> impl Iterator<Item = &Settings> {
        std::iter::once(&self.settings).chain(&self.past)
    }

    /// The next place in the sequence of an open conversation.
    pub(super) fn step(&mut self, id: ConversationId, seq: u32) -> &mut Talk {
        let talk = self.talks.get_mut(&id);
        let talk = talk.unwrap_or_else(|| panic!("C6: there is no conversation {id}"));
        assert_ne!(talk.stage, Stage::Closed, "C4: {id} goes on after its end");
        assert_eq!(seq, talk.seq + 1, "C6: the sequence of {id} is not dense");
        talk.seq = seq;
        talk
    }

    /// Seats the log shows for an agent.
    pub(crate) fn load(&self, agent: UserId) -> usize {
        self.seats.get(&agent).map_or(0, BTreeMap::len)
    }
}
