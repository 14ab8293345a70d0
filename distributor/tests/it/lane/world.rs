//! An installation of one shard with two lanes, its settings, and hands to act on it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use distributor::Config;
use distributor::assign::Sizes;
use distributor::shard::{ShardPlan, Tenure};
use model::desk::{
    Body, Command, CommandRecord, Dead, Entity, Envelope, Event, Inbound, Outcome, Receipt, Record,
    SendResult, Stamped, wire,
};
use model::fold::{self, Verdict};
use model::id::{
    ChannelId, CommandId, ConversationId, GroupId, LaneId, MessageId, OperationId, ShardId, UserId,
};
use model::people::{
    AgentRank, Cap, Group, GroupRules, Membership, NewcomerScore, Operation, Policy, Presence,
    User, UserKind,
};
use model::place::Place;
use model::service::{Channel, ChannelKind, Content, Endpoint, Flow, Step};
use model::time::{Clock, ManualClock, Timestamp};
use storage::engine::memory::MemoryLog;
use storage::port::{Log, NewRecord, Partition, Topic};

use super::faulty::FaultyLog;

pub(crate) const ANA: UserId = UserId(1);
pub(crate) const BEN: UserId = UserId(2);
pub(crate) const SUSAN: UserId = UserId(9);
pub(crate) const GROUP: GroupId = GroupId(1);
/// Greets, then routes to [`GROUP`].
pub(crate) const CHANNEL: ChannelId = ChannelId(1);
/// Says good-bye and routes nowhere.
pub(crate) const MUTE: ChannelId = ChannelId(2);
/// Serves an operation of another shard.
pub(crate) const FOREIGN: ChannelId = ChannelId(3);
pub(crate) const CAP: u32 = 2;

pub(crate) struct World {
    pub(crate) log: Arc<FaultyLog>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) plan: ShardPlan,
    pub(crate) tenure: Option<Tenure>,
    begun: u128,
    turns: u32,
    commands: u128,
    messages: u32,
}

impl World {
    /// A shard whose settings stand in the log; its owner has begun.
    pub(crate) fn new() -> Self {
        let mut world = Self::unowned();
        world.begin();
        world
    }

    /// The same with nobody in office.
    pub(crate) fn unowned() -> Self {
        Self::unowned_on(|place, clock| Box::new(MemoryLog::new(place, clock)))
    }

    /// The same on another log.
    pub(crate) fn unowned_on(log: impl FnOnce(Place, Arc<ManualClock>) -> Box<dyn Log>) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000)));
        let place = Place::new(2, 2).unwrap();
        let log = Arc::new(FaultyLog::new(log(place, clock.clone())));
        let plan = ShardPlan {
            log: log.clone(),
            clock: clock.clone(),
            place,
            shard: ShardId::new(0).unwrap(),
            seed: 7,
            config: Config::default(),
            sizes: Sizes::default(),
        };
        let world =
            Self { log, clock, plan, tenure: None, begun: 0, turns: 0, commands: 0, messages: 0 };
        entities().into_iter().for_each(|entity| world.entity(entity));
        world
    }

    pub(crate) fn begin(&mut self) {
        self.begun += 1;
        self.tenure = Some(Tenure::begin(&self.plan, self.begun).unwrap());
    }

    pub(crate) fn tenure(&mut self) -> &mut Tenure {
        self.tenure.as_mut().unwrap()
    }

    /// The owner is gone, whatever it was doing; the next one begins.
    pub(crate) fn crash(&mut self) {
        self.tenure = None;
        self.log.answer_late();
        self.log.mend();
        self.begin();
    }

    /// One turn of one lane; a lane that cannot go on ends the owner. An answer that is late is
    /// so by a few turns, not for ever.
    pub(crate) fn turn(&mut self, lane: usize) -> bool {
        self.turns += 1;
        if self.turns.is_multiple_of(4) {
            self.log.answer_late();
        }
        let turned = self.tenure().workers[lane].turn();
        turned.unwrap_or_else(|_| {
            self.crash();
            true
        })
    }

    /// Turns of every lane until there is nothing left to do.
    pub(crate) fn run(&mut self) {
        loop {
            let turned = [self.turn(0), self.turn(1)];
            if turned == [false, false] {
                return;
            }
        }
    }

    pub(crate) fn append(&self, partition: Partition, bytes: Bytes) {
        self.log.append(vec![NewRecord { partition, bytes }]).wait().unwrap();
    }

    fn append_body(&self, partition: Partition, body: Body) {
        let envelope = Envelope::of_input(self.clock.now());
        self.append(partition, wire::encode(&Stamped { envelope, body }));
    }

    pub(crate) fn entity(&self, entity: Entity) {
        self.append_body(Partition::SETTINGS, Body::Entity(entity));
    }

    /// A customer writes; the provider's id of the message.
    pub(crate) fn write(&mut self, address: &str, text: &str) -> String {
        self.messages += 1;
        let id = format!("wamid.{}", self.messages);
        self.deliver(CHANNEL, address, &id, text);
        id
    }

    /// The provider delivers a message.
    pub(crate) fn deliver(&self, channel: ChannelId, address: &str, id: &str, text: &str) {
        let message = Inbound {
            channel,
            address: address.to_owned(),
            name: "Maria".to_owned(),
            provider_id: id.to_owned(),
            sent_at: self.clock.now(),
            received_at: self.clock.now(),
            content: Content::Text(text.to_owned()),
        };
        let lane = self.plan.place.of_address(self.plan.shard, channel, address);
        let partition = Partition::new(Topic::Inbound, lane.index());
        self.append_body(partition, Body::Inbound(message));
    }

    /// A user wishes something; the id of the wish.
    pub(crate) fn wish(&mut self, user: UserId, command: Command) -> CommandId {
        self.commands += 1;
        let id = CommandId(self.commands);
        self.wish_as(user, id, command);
        id
    }

    pub(crate) fn wish_as(&self, user: UserId, id: CommandId, command: Command) {
        let partition = match command.conversation() {
            Some(conversation) => self.commands_of(conversation),
            None => Partition::new(Topic::Control, 0),
        };
        let record = CommandRecord { user, id, at: self.clock.now(), command };
        self.append_body(partition, Body::Command(record));
    }

    pub(crate) fn appear(&mut self, user: UserId, presence: Presence) {
        self.wish(user, Command::SetPresence { presence });
    }

    pub(crate) fn say(&mut self, user: UserId, conversation: ConversationId, text: &str) {
        let content = Content::Text(text.to_owned());
        self.wish(user, Command::Send { conversation, content });
    }

    pub(crate) fn close(&mut self, user: UserId, conversation: ConversationId) {
        self.wish(user, Command::Close { conversation });
    }

    pub(crate) fn answer(&self, message: MessageId, result: SendResult) {
        let outcome = Outcome { message, result, at: self.clock.now(), tries: 1 };
        self.append_body(self.commands_of(message.conversation), Body::Outcome(outcome));
    }

    pub(crate) fn receive(&self, receipt: Receipt) {
        let place = self.plan.place;
        let lane = match receipt.message {
            Some(message) => place.of_conversation(message.conversation),
            None => place.of_address(self.plan.shard, receipt.channel, &receipt.address),
        };
        let partition = Partition::new(Topic::Commands, lane.index());
        self.append_body(partition, Body::Receipt(receipt));
    }

    pub(crate) fn commands_of(&self, conversation: ConversationId) -> Partition {
        let lane = self.plan.place.of_conversation(conversation);
        Partition::new(Topic::Commands, lane.index())
    }

    /// The records that count, as any reader of `events` sees them.
    pub(crate) fn records(&self) -> Vec<Record> {
        let mut fold = fold::Shard::default();
        let counting = self.stamped(Partition::new(Topic::Events, 0)).into_iter();
        counting
            .filter(|stamped| fold.apply(stamped) == Verdict::Apply)
            .filter_map(|stamped| match stamped.body {
                Body::Record(record) => Some(record),
                _ => None,
            })
            .collect()
    }

    /// The events that count, without those of settings.
    pub(crate) fn events(&self) -> Vec<Event> {
        let events = self.records().into_iter().flat_map(|record| record.events);
        events.filter(|event| !matches!(event, Event::SettingsApplied { .. })).collect()
    }

    pub(crate) fn dead(&self) -> Vec<Dead> {
        let dead = self.stamped(Partition::DEAD).into_iter().filter_map(|s| match s.body {
            Body::Dead(dead) => Some(dead),
            _ => None,
        });
        dead.collect()
    }

    /// The shard as its log shows it.
    pub(crate) fn refold(&self) -> fold::Shard {
        let mut fold = fold::Shard::default();
        for stamped in self.stamped(Partition::new(Topic::Events, 0)) {
            fold.apply(&stamped);
        }
        fold
    }

    pub(crate) fn stamped(&self, partition: Partition) -> Vec<Stamped> {
        let mut read = Vec::new();
        self.log.read(partition, 0, usize::MAX, &mut read).unwrap();
        read.iter().map(|logged| wire::decode(&logged.bytes).unwrap()).collect()
    }

    /// The open conversation of an address.
    pub(crate) fn open(&mut self, address: &str) -> fold::Conversation {
        let channel = CHANNEL;
        let workers = &self.tenure().workers;
        let found = workers.iter().find_map(|w| w.lane().state().of_address(channel, address));
        found.unwrap().clone()
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }
}

/// The `n`-th address of `CHANNEL` that lives in a lane of the shard.
pub(crate) fn address_in(lane: u8, n: usize) -> String {
    let place = Place::new(2, 2).unwrap();
    let home = place.of_lane(ShardId::new(0).unwrap(), LaneId::new(lane).unwrap());
    let lives_there =
        |address: &String| place.of_address(ShardId::new(0).unwrap(), CHANNEL, address) == home;
    (0..).map(|n: u32| format!("55119{n:08}")).filter(lives_there).nth(n).unwrap()
}

pub(crate) fn entities() -> Vec<Entity> {
    let operation = |id: u32, shard: u16| {
        Entity::Operation(Operation {
            id: OperationId(id),
            version: 1,
            name: "Sales".to_owned(),
            shard: ShardId::new(shard).unwrap(),
            zone: "America/Sao_Paulo".to_owned(),
        })
    };
    let endpoint =
        Endpoint { name: "starter".parse().unwrap(), version: 1, kind: ChannelKind::Whatsapp };
    let say = |text: &str| Step::Say(text.to_owned());
    vec![
        operation(1, 0),
        operation(2, 1),
        Entity::Group(group(1)),
        Entity::User(user(ANA, UserKind::Agent, 1)),
        Entity::User(user(BEN, UserKind::Agent, 1)),
        Entity::User(user(SUSAN, UserKind::Supervisor, 1)),
        Entity::Endpoint(endpoint),
        Entity::Channel(channel(CHANNEL, 1, vec![say("Hello!"), Step::Route(GROUP)])),
        Entity::Channel(channel(MUTE, 1, vec![say("We are closed.")])),
        Entity::Channel(channel(FOREIGN, 2, vec![say("Hello!")])),
    ]
}

pub(crate) fn group(version: u64) -> Group {
    Group {
        id: GROUP,
        version,
        operation: OperationId(1),
        name: "Sales".to_owned(),
        active: true,
        policy: Policy::Circular,
        newcomer: NewcomerScore::GroupMinimum,
        head_start: Duration::ZERO,
        rules: GroupRules::default(),
    }
}

pub(crate) fn user(id: UserId, kind: UserKind, version: u64) -> User {
    let receives = kind == UserKind::Agent;
    User {
        id,
        version,
        operation: OperationId(1),
        login: format!("user{id}"),
        name: format!("User {id}"),
        kind,
        active: true,
        groups: vec![Membership { group: GROUP, receives }],
        cap: Cap::new(CAP).unwrap(),
        rank: AgentRank(0),
    }
}

pub(crate) fn channel(id: ChannelId, operation: u32, steps: Vec<Step>) -> Channel {
    Channel {
        id,
        version: 1,
        operation: OperationId(operation),
        kind: ChannelKind::Whatsapp,
        name: format!("Channel {id}"),
        account: format!("account-{id}"),
        endpoint: "starter".parse().unwrap(),
        provider_url: "http://127.0.0.1:1".to_owned(),
        flow: Flow { steps },
    }
}
