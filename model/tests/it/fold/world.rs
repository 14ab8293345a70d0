//! A tiny shard of two lanes that lives lawfully and keeps its own books: what it wrote, and what
//! a fold of it must show.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::desk::{
    Assigned, Body, Cause, Claimed, Envelope, Event, MoveKind, Moved, Opened, Queued, Record,
    Resume, SendResult, Stamped, Timer, Why,
};
use model::id::{
    ChannelId, CommandId, ConversationId, GroupId, LaneId, MessageId, OperationId, ProtocolNumber,
    ShardId, UserId,
};
use model::people::{Policy, Presence};
use model::service::{Author, CloseReason, Content, ConversationState, ReceiptStatus};
use model::time::Timestamp;

pub(crate) const CHANNEL: ChannelId = ChannelId(7);
pub(crate) const GROUP: GroupId = GroupId(4);
pub(crate) const EPOCH: u32 = 1;
const LANES: usize = 2;

/// The books of an open conversation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Talk {
    pub(crate) address: String,
    pub(crate) state: ConversationState,
    pub(crate) agent: Option<UserId>,
    pub(crate) last_seq: u32,
    pub(crate) sent: BTreeMap<u32, Vec<ReceiptStatus>>,
    charge: u8,
}

impl Talk {
    pub(crate) fn seated(&self) -> bool {
        self.state == ConversationState::Assigned
    }
}

/// One lane's inputs by offset: whether each was handled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inputs {
    pub(crate) inbound: Vec<bool>,
    pub(crate) command: Vec<bool>,
    pub(crate) control: Vec<bool>,
    opened: u64,
}

#[derive(Debug, Default)]
pub(crate) struct World {
    /// The shard's `events`.
    pub(crate) log: Vec<Stamped>,
    pub(crate) open: BTreeMap<ConversationId, Talk>,
    pub(crate) inputs: [Inputs; LANES],
    pub(crate) received: BTreeSet<String>,
    pub(crate) commands: BTreeSet<(UserId, CommandId)>,
    pub(crate) presence: BTreeMap<UserId, Presence>,
    pub(crate) grace: BTreeMap<UserId, Timestamp>,
    pub(crate) renewed: BTreeMap<UserId, Timestamp>,
    pub(crate) scores: BTreeMap<UserId, (u32, u32)>,
    pub(crate) cursor: Option<UserId>,
    parked: Vec<(usize, u64, u8)>,
}

/// A world that did what `script` says: each step is a deed and two choices.
pub(crate) fn live(script: &[(u8, u8, u8)]) -> World {
    let mut world = World::default();
    let envelope = Envelope { epoch: EPOCH, ..Envelope::of_input(world.now()) };
    let claim = Claimed { epoch: EPOCH, attempt: 1 };
    world.log.push(Stamped { envelope, body: Body::Claimed(claim) });
    for &(deed, a, b) in script {
        world.step(deed, a, b);
    }
    world
}

/// How many deeds [`live`] knows.
pub(crate) const DEEDS: u8 = 12;

impl World {
    fn step(&mut self, deed: u8, a: u8, b: u8) {
        match deed {
            0 => self.write(a, b.is_multiple_of(4)),
            1 => self.unpark(a),
            2 => self.write_again(a),
            3 => self.assign(a, b),
            4 => self.reply(a),
            5 => self.answer(a, b.is_multiple_of(3)),
            6 => self.receipt(a, b),
            7 => self.close(a, b),
            8 => self.move_on(a, b),
            9 => self.set_aside(a, b),
            10 => self.renew(a),
            _ => self.come_and_go(a, b),
        }
    }

    /// A customer writes; the lane parks the message or handles it.
    fn write(&mut self, contact: u8, park: bool) {
        let contact = contact % 6;
        let lane = usize::from(contact) % LANES;
        let offset = self.inputs[lane].inbound.len() as u64;
        self.inputs[lane].inbound.push(false);
        if park {
            self.parked.push((lane, offset, contact));
        } else {
            self.handle(lane, offset, contact);
        }
    }

    fn unpark(&mut self, a: u8) {
        if let Some(at) = pick(self.parked.len(), a) {
            let (lane, offset, contact) = self.parked.remove(at);
            self.handle(lane, offset, contact);
        }
    }

    fn handle(&mut self, lane: usize, offset: u64, contact: u8) {
        let address = format!("contact-{contact}");
        let found = self.open.iter().find(|(_, talk)| talk.address == address);
        let (mut events, id) = match found.map(|(id, _)| *id) {
            Some(id) => (Vec::new(), id),
            None => self.open(lane, &address),
        };
        let provider_id = format!("wamid.{lane}.{offset}");
        let at = self.now();
        let opens = !events.is_empty();
        events.push(Event::MessageReceived {
            message: self.next(id),
            provider_id: provider_id.clone(),
            sent_at: at,
            received_at: at,
            content: Content::Text("hello".to_owned()),
        });
        if opens {
            let seq = self.next(id).seq;
            events.push(self.queued(id, seq, None));
        }
        self.received.insert(provider_id);
        self.inputs[lane].inbound[offset as usize] = true;
        self.tell(lane, Cause::Inbound(offset), None, events);
    }

    fn open(&mut self, lane: usize, address: &str) -> (Vec<Event>, ConversationId) {
        let counter = self.inputs[lane].opened;
        self.inputs[lane].opened += 1;
        let id = ConversationId::new(ShardId::default(), lane_id(lane), counter).unwrap();
        let opened = Event::Opened(Opened {
            conversation: id,
            protocol: ProtocolNumber::new((2026, 11, 22), id),
            operation: OperationId(1),
            channel: CHANNEL,
            address: address.to_owned(),
            name: String::new(),
        });
        let address = address.to_owned();
        let (state, sent) = (ConversationState::Bot, BTreeMap::new());
        let talk = Talk { address, state, agent: None, last_seq: 0, sent, charge: 0 };
        self.open.insert(id, talk);
        (vec![opened], id)
    }

    /// The provider sends again what was already handled.
    fn write_again(&mut self, a: u8) {
        let Some(at) = pick(self.received.len(), a) else { return };
        let provider_id = self.received.iter().nth(at).unwrap().clone();
        let lane = usize::from(provider_id.as_bytes()[6] - b'0');
        let offset = self.inputs[lane].inbound.len() as u64;
        self.inputs[lane].inbound.push(true);
        let again = Event::Duplicate { channel: CHANNEL, provider_id };
        self.tell(lane, Cause::Inbound(offset), None, vec![again]);
    }

    fn assign(&mut self, a: u8, b: u8) {
        let Some(id) = self.choose(a, |talk| !talk.seated()) else { return };
        let agent = self.open[&id].agent.unwrap_or(UserId(u32::from(b % 4)));
        let assigned = self.assigned(id, agent, b);
        self.tell(home(id), Cause::HandOver(id), None, vec![assigned]);
    }

    fn assigned(&mut self, id: ConversationId, agent: UserId, b: u8) -> Event {
        let policy = Policy::ALL[usize::from(b) % 5];
        let by_policy = !b.is_multiple_of(3);
        let why = if by_policy { Why::Policy { policy, key: 0 } } else { Why::FreedSeat };
        if by_policy && matches!(policy, Policy::Circular | Policy::AgentPriority) {
            self.cursor = Some(agent);
        }
        let charge = b % 8;
        let score = self.scores.entry(agent).or_default();
        *score = (score.0 + 1, score.1 + u32::from(charge));
        let seq = self.next(id).seq;
        let talk = self.open.get_mut(&id).unwrap();
        (talk.state, talk.agent) = (ConversationState::Assigned, Some(agent));
        talk.charge = charge;
        let (cap, gen_at_seat, waited) = (80, 0, Duration::ZERO);
        let (group, conversation) = (GROUP, id);
        let assigned =
            Assigned { conversation, seq, agent, group, cap, gen_at_seat, charge, why, waited };
        Event::Assigned(assigned)
    }

    fn queued(&mut self, conversation: ConversationId, seq: u32, agent: Option<UserId>) -> Event {
        let talk = self.open.get_mut(&conversation).unwrap();
        (talk.state, talk.agent) = (ConversationState::Queued, agent);
        let key = self.now().as_micros();
        Event::Queued(Queued { conversation, seq, group: GROUP, agent, key })
    }

    /// Gives back the seat a conversation holds, if it holds one, after `b` seconds.
    fn unseat(&mut self, id: ConversationId, b: u8) -> Duration {
        let talk = &self.open[&id];
        if !talk.seated() {
            return Duration::ZERO;
        }
        let score = self.scores.get_mut(&talk.agent.unwrap()).unwrap();
        score.1 = score.1 + u32::from(b).div_ceil(16) - u32::from(talk.charge);
        Duration::from_secs(u64::from(b))
    }

    /// A conversation goes to somebody else, or back into the queue.
    fn move_on(&mut self, a: u8, b: u8) {
        let Some(id) = self.choose(a, |_| true) else { return };
        let (seq, handled, by) = (self.next(id).seq, self.unseat(id, b), Author::User(UserId(9)));
        let (kind, note) = (MoveKind::Transfer, String::new());
        let mut events =
            vec![Event::Moved(Moved { conversation: id, seq, kind, by, note, handled })];
        if b.is_multiple_of(2) {
            events.push(self.assigned(id, UserId(u32::from(b % 4)), b));
        } else {
            let seq = self.next(id).seq;
            events.push(self.queued(id, seq, None));
        }
        self.tell(home(id), Cause::Timer(Timer::Lease(UserId(9))), None, events);
    }

    /// An agent sets a conversation aside, or takes it up and waits in his own line.
    fn set_aside(&mut self, a: u8, b: u8) {
        let Some(id) = self.choose(a, |talk| talk.agent.is_some()) else { return };
        let (state, agent) = (self.open[&id].state, self.open[&id].agent);
        let seq = self.next(id).seq;
        let event = if state == ConversationState::Pending {
            self.queued(id, seq, agent)
        } else {
            let (by, handled) = (Author::System, self.unseat(id, b));
            self.open.get_mut(&id).unwrap().state = ConversationState::Pending;
            Event::Pended { conversation: id, seq, by, handled }
        };
        self.command(id, None, event);
    }

    fn renew(&mut self, a: u8) {
        let user = UserId(u32::from(a % 4));
        let now = self.now();
        if self.presence.get(&user).is_some_and(|presence| *presence != Presence::Offline) {
            self.renewed.insert(user, now);
        }
        self.control(Event::LeasesRenewed { users: vec![user] });
    }

    fn reply(&mut self, a: u8) {
        let Some(id) = self.choose(a, Talk::seated) else { return };
        let agent = self.open[&id].agent.unwrap();
        let message = self.next(id);
        self.open.get_mut(&id).unwrap().sent.insert(message.seq, Vec::new());
        let content = Content::Text("good day".to_owned());
        let sent = Event::MessageSent { message, author: Author::User(agent), content };
        let wish = (agent, CommandId(self.log.len() as u128));
        self.commands.insert(wish);
        self.command(id, Some(wish), sent);
    }

    fn answer(&mut self, a: u8, failed: bool) {
        let Some(message) = self.sent(a) else { return };
        let (status, result) = if failed {
            (ReceiptStatus::Failed, SendResult::Failed { code: 500, detail: String::new() })
        } else {
            (ReceiptStatus::Sent, SendResult::Accepted { provider_id: message.to_string() })
        };
        self.note(message, status);
        self.command(message.conversation, None, Event::SendAnswered { message, result, tries: 1 });
    }

    fn receipt(&mut self, a: u8, b: u8) {
        let Some(message) = self.sent(a) else { return };
        use ReceiptStatus::{Delivered, Failed, Read, Sent};
        let status = [Sent, Delivered, Read, Failed][usize::from(b % 4)];
        self.note(message, status);
        let at = self.now();
        let applied = Event::ReceiptApplied { message, status, at, code: None };
        self.command(message.conversation, None, applied);
    }

    fn close(&mut self, a: u8, b: u8) {
        let Some(id) = self.choose(a, |_| true) else { return };
        let seq = self.next(id).seq;
        let handled = self.unseat(id, b);
        self.open.remove(&id);
        let (by, reason) = (Author::User(UserId(9)), CloseReason::Supervisor);
        self.command(id, None, Event::Closed { conversation: id, seq, by, reason, handled });
    }

    fn come_and_go(&mut self, a: u8, b: u8) {
        let user = UserId(u32::from(a % 4));
        let presence = [Presence::Available, Presence::Paused, Presence::Offline];
        let presence = presence[usize::from(b % 3)];
        self.presence.insert(user, presence);
        let (there, now) = (presence != Presence::Offline, self.now());
        let grace_until = (!there && b.is_multiple_of(2)).then_some(now);
        self.grace.remove(&user);
        self.grace.extend(grace_until.map(|until| (user, until)));
        if let (Some(_), true) = (self.renewed.remove(&user), there) {
            self.renewed.insert(user, now);
        }
        self.control(Event::PresenceChanged { user, presence, grace_until });
    }

    fn control(&mut self, event: Event) {
        let offset = self.inputs[0].control.len() as u64;
        self.inputs[0].control.push(true);
        self.tell(0, Cause::Control(offset), None, vec![event]);
    }

    fn command(&mut self, id: ConversationId, answers: Option<(UserId, CommandId)>, event: Event) {
        let lane = home(id);
        let offset = self.inputs[lane].command.len() as u64;
        self.inputs[lane].command.push(true);
        self.tell(lane, Cause::Command(offset), answers, vec![event]);
    }

    /// Writes one record, with where the lane would go on now.
    fn tell(
        &mut self,
        lane: usize,
        cause: Cause,
        answers: Option<(UserId, CommandId)>,
        events: Vec<Event>,
    ) {
        let inputs = &self.inputs[lane];
        let resume = vec![
            Resume::Inbound(resume_at(&inputs.inbound)),
            Resume::Command(resume_at(&inputs.command)),
            Resume::Control(resume_at(&inputs.control)),
        ];
        let at = self.now();
        let number = self.log.len() as u64;
        let envelope = Envelope { epoch: EPOCH, number, ..Envelope::of_input(at) };
        let lane = lane_id(lane);
        let record = Record { lane, cause, answers, resume, at, input_at: Some(at), events };
        self.log.push(Stamped { envelope, body: Body::Record(record) });
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1_795_000_000 + self.log.len() as i64)
    }

    fn next(&mut self, conversation: ConversationId) -> MessageId {
        let talk = self.open.get_mut(&conversation).unwrap();
        talk.last_seq += 1;
        MessageId { conversation, seq: talk.last_seq }
    }

    fn choose(&self, a: u8, fits: impl Fn(&Talk) -> bool) -> Option<ConversationId> {
        let fitting: Vec<_> =
            self.open.iter().filter(|(_, t)| fits(t)).map(|(id, _)| *id).collect();
        Some(fitting[pick(fitting.len(), a)?])
    }

    fn sent(&self, a: u8) -> Option<MessageId> {
        let sent = |(id, talk): (&ConversationId, &Talk)| -> Vec<MessageId> {
            talk.sent.keys().map(|&seq| MessageId { conversation: *id, seq }).collect()
        };
        let sent: Vec<_> = self.open.iter().flat_map(sent).collect();
        Some(sent[pick(sent.len(), a)?])
    }

    fn note(&mut self, message: MessageId, status: ReceiptStatus) {
        let talk = self.open.get_mut(&message.conversation).unwrap();
        talk.sent.get_mut(&message.seq).unwrap().push(status);
    }
}

/// The lowest offset not handled.
pub(crate) fn resume_at(handled: &[bool]) -> u64 {
    handled.iter().position(|done| !done).unwrap_or(handled.len()) as u64
}

pub(crate) fn lane_id(lane: usize) -> LaneId {
    LaneId::new(lane as u8).unwrap()
}

fn home(id: ConversationId) -> usize {
    usize::from(id.lane().get())
}

fn pick(len: usize, a: u8) -> Option<usize> {
    usize::from(a).checked_rem(len)
}
