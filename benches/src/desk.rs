//! A shard of one lane whose inputs stand in memory and whose records are forgotten: what remains
//! is the lane.

#![expect(clippy::expect_used, reason = "a bench stops")]

use std::ops::Range;
use std::sync::Arc;

use distributor::Config;
use distributor::assign::Sizes;
use distributor::shard::{ShardPlan, Tenure};
use model::desk::{
    Body, Command, CommandRecord, Entity, Envelope, Inbound, Settings, Stamped, wire,
};
use model::id::{
    ChannelId, CommandId, ConversationId, EndpointName, LaneId, OperationId, ShardId, UserId,
};
use model::people::{Policy, Presence};
use model::place::Place;
use model::service::{Channel, ChannelKind, Content, Endpoint, Flow, Step};
use model::time::{Clock, ManualClock, Timestamp};
use parking_lot::Mutex;
use storage::engine::memory::MemoryLog;
use storage::port::{Appending, Bell, Log, LogError, Logged, NewRecord, Offset, Partition, Topic};

use crate::house::{GROUP, House};

const CHANNEL: ChannelId = ChannelId(1);
const INBOUND: Partition = Partition::new(Topic::Inbound, 0);
const COMMANDS: Partition = Partition::new(Topic::Commands, 0);
const CONTROL: Partition = Partition::new(Topic::Control, 0);
const EVENTS: Partition = Partition::new(Topic::Events, 0);
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// A shard of one lane, its agents available, its channel routing to their group at once.
pub struct Desk {
    log: Arc<ForgetfulLog>,
    clock: Arc<ManualClock>,
    tenure: Tenure,
    said: u128,
}

/// A log that keeps its inputs, and of `events` what stood there before it began to forget.
struct ForgetfulLog {
    kept: MemoryLog,
    forgotten: Mutex<Option<Forgotten>>,
}

/// What was written to `events` since the log forgets.
#[derive(Default)]
struct Forgotten {
    next: Offset,
    records: usize,
    last: Vec<NewRecord>,
}

impl Desk {
    /// Opens with so many agents, each with [`crate::house::CAP`] seats.
    ///
    /// # Panics
    /// When the shard does not begin: a bench stops.
    pub fn open(agents: u32) -> Self {
        let clock = Arc::new(ManualClock::at(NOW));
        let log = ForgetfulLog::of_one_lane(clock.clone());
        for entity in entities(House::new(Policy::Circular, agents).settings()) {
            log.put(Partition::SETTINGS, Body::Entity(entity));
        }
        for agent in 1..=agents {
            let command = Command::SetPresence { presence: Presence::Available };
            log.put(CONTROL, wish(UserId(agent), u128::from(agent), command));
        }
        let tenure = Tenure::begin(&plan(log.clone(), clock.clone()), 1).expect("it begins");
        let mut desk = Self { log, clock, tenure, said: u128::from(agents) };
        desk.run();
        desk.log.forget();
        desk
    }

    /// A customer writes.
    pub fn write(&mut self, customer: usize) {
        self.said += 1;
        let at = self.clock.now();
        self.log.put(
            INBOUND,
            Body::Inbound(Inbound {
                channel: CHANNEL,
                address: format!("55119{customer:08}"),
                name: "Maria".to_owned(),
                provider_id: format!("wamid.HBgNNTUxMTk4NzY1NDMyMRUCABIYFDNB{:08}", self.said),
                sent_at: at,
                received_at: at,
                content: Content::Text("x".repeat(100)),
            }),
        );
    }

    /// The responsible agent ends the `n`-th conversation ever opened, if it has one.
    pub fn close(&mut self, n: usize) {
        self.said += 1;
        let Ok(id) = ConversationId::new(ShardId::default(), LaneId::FIRST, n as u64) else {
            return;
        };
        let agent = UserId(1);
        let command = Command::Close { conversation: id };
        self.log.put(COMMANDS, wish(agent, self.said, command));
    }

    /// Turns until there is nothing left to do.
    ///
    /// # Panics
    /// When the lane cannot go on: a bench stops.
    pub fn run(&mut self) {
        for worker in &mut self.tenure.workers {
            while worker.turn().expect("the lane goes on") {}
        }
    }

    /// The last input that was put to the lane: of `commands`, if there is any.
    pub fn last_input(&self) -> Option<Logged> {
        let last = |partition| {
            let (mut read, end) = (Vec::new(), self.log.kept.bounds(partition).ok()?.end);
            self.log.kept.read(partition, end.checked_sub(1)?, 1, &mut read).ok()?;
            read.pop()
        };
        last(COMMANDS).or_else(|| last(INBOUND))
    }

    /// Records written so far.
    pub fn written(&self) -> usize {
        self.log.forgotten.lock().as_ref().map_or(0, |forgotten| forgotten.records)
    }

    /// The last batch written.
    pub fn last_written(&self) -> Vec<Stamped> {
        let forgotten = self.log.forgotten.lock();
        let last = forgotten.iter().flat_map(|forgotten| &forgotten.last);
        last.filter_map(|record| wire::decode(&record.bytes).ok()).collect()
    }
}

impl ForgetfulLog {
    fn of_one_lane(clock: Arc<dyn Clock>) -> Arc<Self> {
        let kept = MemoryLog::new(place(), clock);
        Arc::new(Self { kept, forgotten: Mutex::default() })
    }

    fn put(&self, partition: Partition, body: Body) {
        let bytes = wire::encode(&Stamped { envelope: Envelope::of_input(NOW), body });
        drop(self.kept.append(vec![NewRecord { partition, bytes }]));
    }

    fn forget(&self) {
        let next = self.kept.bounds(EVENTS).map_or(0, |kept| kept.end);
        *self.forgotten.lock() = Some(Forgotten { next, ..Forgotten::default() });
    }
}

impl Log for ForgetfulLog {
    fn append(&self, records: Vec<NewRecord>) -> Appending {
        let mut forgotten = self.forgotten.lock();
        let events = records.iter().all(|record| record.partition == EVENTS);
        match forgotten.as_mut().filter(|_| events) {
            None => self.kept.append(records),
            Some(forgotten) => {
                let first = forgotten.next;
                forgotten.next += records.len() as Offset;
                forgotten.records += records.len();
                forgotten.last = records;
                Appending::answered(Ok((first..forgotten.next).collect()))
            }
        }
    }

    fn read(
        &self,
        partition: Partition,
        from: Offset,
        max_bytes: usize,
        out: &mut Vec<Logged>,
    ) -> Result<(), LogError> {
        self.kept.read(partition, from, max_bytes, out)
    }

    fn bounds(&self, partition: Partition) -> Result<Range<Offset>, LogError> {
        self.kept.bounds(partition)
    }

    fn watch(&self, partition: Partition, bell: &Arc<Bell>) {
        self.kept.watch(partition, bell);
    }

    fn health(&self) -> Result<(), LogError> {
        self.kept.health()
    }
}

fn plan(log: Arc<dyn Log>, clock: Arc<dyn Clock>) -> ShardPlan {
    let (config, sizes, shard) = (Config::default(), Sizes::default(), ShardId::default());
    ShardPlan { log, clock, place: place(), shard, seed: 1, config, sizes }
}

fn place() -> Place {
    Place::new(1, 1).expect("one shard of one lane is lawful")
}

fn wish(user: UserId, id: u128, command: Command) -> Body {
    Body::Command(CommandRecord { user, id: CommandId(id), at: NOW, command })
}

/// Operation, group and agents, and a channel that routes to the group at once.
fn entities(settings: Settings) -> Vec<Entity> {
    let endpoint: EndpointName = "bench".parse().expect("a lawful name");
    let kind = ChannelKind::Whatsapp;
    let channel = Channel {
        id: CHANNEL,
        version: 1,
        operation: OperationId(1),
        kind,
        name: "bench".to_owned(),
        account: "1".to_owned(),
        endpoint: endpoint.clone(),
        provider_url: "http://127.0.0.1:1".to_owned(),
        flow: Flow { steps: vec![Step::Route(GROUP)] },
    };
    let Settings { operations, groups, users, .. } = settings;
    let first = operations.into_values().map(Entity::Operation);
    first
        .chain(groups.into_values().map(Entity::Group))
        .chain(users.into_values().map(Entity::User))
        .chain([Entity::Endpoint(Endpoint { name: endpoint, version: 1, kind })])
        .chain([Entity::Channel(channel)])
        .collect()
}
