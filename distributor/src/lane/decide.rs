use model::desk::{Body, Cause, Dead, Event, Inbound, Record, Resume};
use model::fold;
use model::id::{CommandId, LaneId, UserId};
use model::limit;
use model::mutant::{Mutant, wrong};
use model::time::Timestamp;
use storage::port::{Offset, Topic};

use crate::conversation::{self, Board, Book, Context, Home, Refusal};
use crate::timer::{Agenda, Leases};

use super::Input;
use super::sweep::ClosedGroups;
use super::timers::concerned;

/// The deciding part of a lane: it holds no log, no clock and no thread.
pub struct Lane {
    pub(super) cx: Context,
    /// What the first lane keeps for all of its shard.
    book: Option<Book>,
    pub(super) leases: Option<Leases>,
    pub(super) agenda: Agenda,
    settings_end: Offset,
    pub(super) closed: ClosedGroups,
}

/// What became of an input.
#[derive(Debug, PartialEq)]
pub enum Handled {
    /// It was handled before a restart: nothing to do.
    Skipped,
    /// It cannot be handled yet (no conversation more may be opened, or its channel may be among
    /// settings not yet read): it stays the first of its partition.
    Held,
    /// A seat was handed to its conversation before, which is to be told first: nothing more is
    /// handled until hand-overs were taken, then it is decided anew.
    HandedOver,
    /// It caused a record.
    Written(Box<Written>),
}

/// A record, and what must be durable in `dead` before it is handed over.
#[derive(Debug, PartialEq)]
pub struct Written {
    /// The record.
    pub record: Record,
    /// The input, where it could not be handled.
    pub dead: Option<Dead>,
}

/// What was decided about an input.
#[derive(Default)]
pub(super) struct Decision {
    pub(super) events: Vec<Event>,
    pub(super) answers: Option<(UserId, CommandId)>,
}

impl Lane {
    /// A lane with the state of `cx`; its agenda follows from that. The first lane of a shard keeps
    /// settings and leases for all.
    pub(crate) fn new(cx: Context, first: Option<(Book, Leases)>) -> Self {
        let (book, leases) = first.unzip();
        let agenda = Agenda::default();
        let mut lane =
            Self { cx, book, leases, agenda, settings_end: 0, closed: ClosedGroups::new() };
        let open: Vec<_> = lane.cx.state.conversations.keys().copied().collect();
        open.into_iter().for_each(|id| lane.plan(id, None));
        lane
    }

    /// Which lane it is.
    pub const fn id(&self) -> LaneId {
        self.cx.home.lane
    }

    pub(crate) const fn home(&self) -> Home {
        self.cx.home
    }

    /// Its folded state: at every moment what folding its records so far gives.
    pub const fn state(&self) -> &fold::Lane {
        &self.cx.state
    }

    /// Conversations that wait, and conversations that hold a seat.
    pub fn load(&self) -> (usize, usize) {
        (self.cx.seats.waiting(), self.cx.seats.held())
    }

    /// Decides by what the board shows from now on; `end` is where the settings ended when they were
    /// read.
    pub fn refresh(&mut self, board: &Board, end: Offset) {
        let before = std::mem::replace(&mut self.cx.settings, board.in_force());
        if self.cx.settings.asks_more_than(&before) && !wrong(Mutant::ReviewForgotten) {
            self.agenda.review();
        }
        self.agenda.see(board.absent());
        self.settings_end = end;
        self.closed.refresh(&self.cx);
    }

    /// Handles one input at lane time `at`. Its record is part of the state at once; the caller
    /// hands it over before anything else, then calls [`Self::handed_over`].
    pub fn handle(&mut self, input: &Input, at: Timestamp) -> Handled {
        if self.is_handled(input) {
            return Handled::Skipped;
        }
        let read = input.read();
        if matches!(&read, Ok(Body::Inbound(message)) if self.holds(message)) {
            return Handled::Held;
        }
        let decided = read.and_then(|body| self.decide(input, body, at)).transpose();
        let Some(decided) = decided else { return Handled::HandedOver };
        if wrong(Mutant::SilentDuplicate) && decided.as_ref().is_ok_and(Decision::is_duplicate) {
            return Handled::Skipped;
        }
        self.conclude(input, decided, at)
    }

    /// As [`Self::handle`] for an input that panicked whenever it was handled: it is refused, and
    /// not looked at.
    pub fn refuse_poison(&mut self, input: &Input, at: Timestamp) -> Handled {
        if self.is_handled(input) {
            return Handled::Skipped;
        }
        self.conclude(input, Err(Refusal::poison(limit::PANICS_PER_INPUT)), at)
    }

    /// The record of the next hand-over to a conversation of this lane, if a seat was freed for
    /// one. Not while [`Self::handed_over`] is due.
    pub fn hand_over(&mut self, at: Timestamp) -> Option<Record> {
        let (conversation, event) = conversation::hand_over(&mut self.cx, at)?;
        Some(self.write_caused(Cause::HandOver(conversation), vec![event], at))
    }

    /// Every record so far was handed to the appender: seats are given back, presences and
    /// settings come into force.
    pub fn handed_over(&mut self) {
        self.cx.handed_over();
        if let Some(book) = &mut self.book {
            book.publish(&*self.cx.core);
        }
        if let Some(leases) = &mut self.leases {
            leases.publish();
        }
    }

    /// Whether there is nothing to do about an input.
    fn is_handled(&self, input: &Input) -> bool {
        let known = |cause| self.cx.state.progress.is_handled(cause);
        input.cause().is_none_or(|(cause, _)| known(cause) && !wrong(Mutant::HandledAgain))
    }

    /// The record of what was decided about an input.
    fn conclude(
        &mut self,
        input: &Input,
        decided: Result<Decision, Refusal>,
        at: Timestamp,
    ) -> Handled {
        let Some((cause, resume)) = input.cause() else { return Handled::Skipped };
        let (decision, dead) = match decided {
            Ok(decision) => (decision, None),
            Err(refusal) => {
                let (decision, dead) = self.refuse(input, refusal);
                (decision, Some(dead))
            }
        };
        let record = self.write(cause, Some((resume, input.at)), decision, at);
        Handled::Written(Box::new(Written { record, dead }))
    }

    /// A message waits at the head of its partition while it would open a conversation and there
    /// is no slot for it, or while its channel may be in settings not yet in force here.
    fn holds(&self, message: &Inbound) -> bool {
        let state = &self.cx.state;
        if state.knows_message(message.channel, &message.provider_id)
            || state.of_address(message.channel, &message.address).is_some()
        {
            return false;
        }
        let in_force = &self.cx.settings;
        let unknown = !in_force.settings.channels.contains_key(&message.channel);
        let unread = in_force.next < self.settings_end && !wrong(Mutant::HoldForgotten);
        (unknown && unread) || !self.cx.seats.has_room()
    }

    /// What becomes of an input; `None` while a hand-over is to be told first.
    fn decide(
        &mut self,
        input: &Input,
        body: Body,
        at: Timestamp,
    ) -> Result<Option<Decision>, Refusal> {
        let events = match (input.partition.topic, body) {
            (Topic::Inbound, Body::Inbound(message)) => {
                conversation::arrive(&mut self.cx, message, at)
            }
            (Topic::Commands, Body::Outcome(outcome)) => conversation::outcome(&self.cx, outcome),
            (Topic::Commands, Body::Receipt(receipt)) => {
                Ok(conversation::receipt(&self.cx, receipt))
            }
            (Topic::Commands | Topic::Control, Body::Command(command)) => {
                return self.command(input.partition.topic, command, at);
            }
            (Topic::Control, Body::Lease(lease)) => {
                let leases = self.leases.as_ref();
                Ok(leases
                    .map_or_else(Vec::new, |l| conversation::renew(&self.cx, l.roll(), &lease)))
            }
            (Topic::Settings, Body::Entity(entity)) => match &mut self.book {
                Some(book) => Ok(vec![book.apply(input.offset, entity)]),
                None => Err(Refusal::undecodable("settings outside of the first lane".to_owned())),
            },
            (topic, _) => Err(Refusal::undecodable(format!("not a record of {}", topic.name()))),
        };
        events.map(|events| Some(Decision { events, answers: None }))
    }

    fn refuse(&mut self, input: &Input, refusal: Refusal) -> (Decision, Dead) {
        let Refusal { reason, detail } = refusal;
        if let (Topic::Settings, Some(book)) = (input.partition.topic, &mut self.book) {
            book.pass(input.offset);
        }
        let events = vec![Event::InputRefused { reason }];
        (Decision { events, answers: None }, input.bury(reason, detail))
    }

    pub(super) fn write(
        &mut self,
        cause: Cause,
        input: Option<(Resume, Timestamp)>,
        decision: Decision,
        at: Timestamp,
    ) -> Record {
        let Decision { events, answers } = decision;
        let (resume, input_at) = input.unzip();
        let (lane, resume) = (self.id(), Vec::from_iter(resume));
        let record = Record { lane, cause, answers, resume, at, input_at, events };
        let concerned = concerned(&record, &self.cx.state);
        let before = concerned.and_then(|id| self.cx.state.conversations.get(&id)?.agent);
        self.cx.state.apply(&record);
        if let Some(leases) = &mut self.leases {
            leases.apply(&record);
        }
        if let Some(id) = concerned {
            self.plan(id, before);
        }
        record
    }

    /// The record of what nobody asked for.
    pub(super) fn write_caused(
        &mut self,
        cause: Cause,
        events: Vec<Event>,
        at: Timestamp,
    ) -> Record {
        self.write(cause, None, Decision { events, answers: None }, at)
    }
}

impl Decision {
    fn is_duplicate(&self) -> bool {
        matches!(self.events[..], [Event::Duplicate { .. }])
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::assign::MutexAssign;
    use crate::conversation::{InForce, Seats};
    use model::desk::{DeadReason, Entity, Envelope, Stamped, wire};
    use model::id::{ChannelId, GroupId, OperationId, ShardId};
    use model::people::Operation;
    use model::service::{Channel, ChannelKind, Content, Endpoint, Flow, Step};
    use storage::port::Partition;

    /// A lane with room for one conversation, and a channel that routes at once.
    fn narrow() -> Lane {
        let home = Home { shard: ShardId::default(), lane: LaneId::FIRST };
        let cx = Context {
            home,
            state: fold::Lane::default(),
            settings: Arc::new(InForce { settings: settings(), next: 3 }),
            core: Arc::new(MutexAssign::new(Vec::new(), 1)),
            seats: Seats::new(LaneId::FIRST, 1),
            stamp: 0,
            after: Vec::new(),
        };
        Lane::new(cx, None)
    }

    fn settings() -> model::desk::Settings {
        let operation = OperationId(1);
        let endpoint = "starter".parse().unwrap();
        let entities = [
            Entity::Operation(Operation {
                id: operation,
                version: 1,
                name: String::new(),
                shard: ShardId::default(),
                zone: "UTC".to_owned(),
            }),
            Entity::Endpoint(Endpoint {
                name: "starter".parse().unwrap(),
                version: 1,
                kind: ChannelKind::Telegram,
            }),
            Entity::Channel(Channel {
                id: ChannelId(1),
                version: 1,
                operation,
                kind: ChannelKind::Telegram,
                name: String::new(),
                account: String::new(),
                endpoint,
                provider_url: String::new(),
                flow: Flow::default(),
            }),
        ];
        let mut settings = model::desk::Settings::default();
        entities.into_iter().for_each(|entity| settings.apply(entity).unwrap());
        let channel = settings.channels.get_mut(&ChannelId(1)).unwrap();
        channel.flow.steps.push(Step::Route(GroupId(1)));
        settings
    }

    fn message(offset: u64, address: &str) -> Input {
        let at = Timestamp::from_seconds(1);
        let body = Body::Inbound(Inbound {
            channel: ChannelId(1),
            address: address.to_owned(),
            name: String::new(),
            provider_id: format!("m{offset}"),
            sent_at: at,
            received_at: at,
            content: Content::Text("hi".to_owned()),
        });
        let bytes = wire::encode(&Stamped { envelope: Envelope::of_input(at), body });
        Input { partition: Partition::new(Topic::Inbound, 0), offset, at, bytes }
    }

    #[test]
    fn a_lane_without_a_free_slot_opens_nothing_more_but_goes_on_otherwise() {
        let (mut lane, at) = (narrow(), Timestamp::from_seconds(1));
        assert!(matches!(lane.handle(&message(0, "a"), at), Handled::Written(_)));
        assert_eq!(lane.handle(&message(1, "b"), at), Handled::Held);
        let more = message(1, "a");
        assert!(matches!(lane.handle(&more, at), Handled::Written(_)), "the open one goes on");
        assert_eq!(lane.handle(&more, at), Handled::Skipped, "and was handled");
        assert_eq!(lane.load(), (1, 0));
    }

    #[test]
    fn a_refused_input_keeps_its_bytes_and_its_origin() {
        let (mut lane, at) = (narrow(), Timestamp::from_seconds(1));
        let input = Input { bytes: bytes::Bytes::from_static(b"?"), ..message(4, "a") };
        let Handled::Written(written) = lane.handle(&input, at) else { unreachable!() };
        let dead = written.dead.unwrap();
        assert_eq!((dead.origin.as_str(), &dead.bytes[..]), ("inbound/0@4", &b"?"[..]));
        let refused = Event::InputRefused { reason: DeadReason::Undecodable };
        assert_eq!(written.record.events, [refused]);
        assert_eq!(written.record.resume, [Resume::Inbound(5)]);
    }
}
