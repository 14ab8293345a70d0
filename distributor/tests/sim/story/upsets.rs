//! What goes wrong, and what changes in the house.

use std::sync::Arc;
use std::time::Duration;

use distributor::shard::Tenure;
use model::desk::{Command, Entity};
use model::id::{GroupId, UserId};
use parking_lot::Mutex;
use storage::port::Partition;

use crate::check::books::Stage;
use crate::faulty::Fault;
use crate::house::{self, House};
use crate::ledger::Said;

use super::{Story, poison};

impl Story {
    pub(super) fn edit(&mut self) {
        let world = &mut self.world;
        let edit = house::edit(world.house, &world.ledger.settings, &mut world.chance);
        let Some((name, entity)) = edit else { return };
        world.tally.count("happening", name);
        world.say(Partition::SETTINGS, Said::Entity(entity));
    }

    /// Settings that are void, over which lanes may panic, or that are too large for a lane.
    pub(super) fn bad_setting(&mut self) {
        let world = &mut self.world;
        let groups: Vec<_> = world.ledger.settings.groups.values().cloned().collect();
        let mut group = world.chance.pick(&groups).clone();
        if world.chance.once_in(3) {
            world.tally.count("fault", "oversized-setting");
            group.version += 1;
            group.active = false;
            group.name = "x".repeat(300 * 1024);
            return world.say(Partition::SETTINGS, Said::Oversized(Entity::Group(group)));
        }
        world.tally.count("fault", "void-setting");
        group.active = !group.active;
        world.say(Partition::SETTINGS, Said::Entity(Entity::Group(group)));
        if world.chance.once_in(2) {
            world.tally.count("fault", "poison");
            poison::spread();
        }
    }

    /// A channel is added, and at once somebody writes to it.
    pub(super) fn late_channel(&mut self, at: usize) {
        self.world.tally.count("happening", "late-channel");
        let (shard, house) = (self.shard(at), self.world.house);
        let groups: Vec<GroupId> = house.groups_of(shard).collect();
        let channel = House::late_channel(shard, self.late_channels);
        let group = *self.world.chance.pick(&groups);
        let entity = Entity::Channel(house::channel(channel, Some(group)));
        self.world.say(Partition::SETTINGS, Said::Entity(entity));
        self.late_channels += 1;
        for _ in 0..3 {
            self.write_to(at, channel);
        }
        self.turn(at);
    }

    /// A conversation is moved in the middle of whose turn another lane frees a seat for it.
    pub(super) fn meet(&mut self, at: usize) {
        let shard = self.shard(at);
        let books = &self.world.shards[at].books;
        let receives = |agent: UserId, group: GroupId| {
            let groups = books.settings.users.get(&agent).map(|user| &user.groups);
            groups.into_iter().flatten().any(|of| of.group == group && of.receives)
        };
        let pairs: Vec<_> = books
            .talks
            .iter()
            .filter_map(|(id, talk)| match talk.stage {
                Stage::Queued { group, .. } => Some((*id, group)),
                _ => None,
            })
            .flat_map(|(waits, group)| {
                let talks = books.talks.iter();
                let served = talks.filter(move |(id, _)| id.lane() != waits.lane());
                let served = served.filter_map(|(id, talk)| match talk.stage {
                    Stage::Assigned { agent, .. } => Some((*id, agent)),
                    _ => None,
                });
                served
                    .filter(move |(_, agent)| receives(*agent, group))
                    .map(move |(ends, _)| (waits, ends))
            })
            .collect();
        if pairs.is_empty() {
            return;
        }
        self.world.tally.count("happening", "meeting");
        let (conversation, ends) = *self.world.chance.pick(&pairs);
        let (supervisor, to) = (House::supervisor(shard), self.target(at));
        let close = Command::Close { conversation: ends };
        self.wish(self.commands_of(ends), supervisor, close);
        let note = String::new();
        let reassign = Command::Reassign { conversation, to, note };
        self.wish(self.commands_of(conversation), supervisor, reassign);
        self.world.meeting = Some(usize::from(ends.lane().get()));
        self.world.turn(at, usize::from(conversation.lane().get()));
    }

    pub(super) fn land(&mut self, at: usize) {
        let world = &mut self.world;
        let shard = &world.shards[at];
        let of = if world.chance.once_in(3) { &shard.zombie } else { &shard.owner };
        let Some(owner) = of else { return };
        let of = (shard.books.events, owner.tenure.epoch);
        world.log.land(of, 1 + world.chance.below(4));
    }

    pub(super) fn arm(&mut self, at: usize) {
        let fault = *self.world.chance.pick(&Fault::OF_EVENTS);
        self.world.log.arm(self.world.shards[at].books.events, fault);
    }

    /// The process ends: its clock may be behind when it comes back.
    pub(super) fn crash_all(&mut self) {
        self.world.tally.count("fault", "crash-of-all");
        for at in 0..self.world.shards.len() {
            self.world.lose_owner(at, None);
        }
        self.world.forget_suspects();
        if self.world.chance.once_in(2) {
            self.world.tally.count("fault", "clock-back");
            let back = Duration::from_secs(self.world.chance.below(3_600) as u64);
            self.world.clock.set(self.world.now() - back);
        }
    }

    /// Two claim at once: somebody else's claim stands in the log before ours.
    pub(super) fn rival(&mut self, at: usize) {
        self.world.lose_owner(at, None);
        let (attempt, rival) = (self.world.next_attempt(), Arc::new(Mutex::new(None)));
        let (plan, came) = (self.world.shards[at].plan.clone(), rival.clone());
        let claim = move || *came.lock() = Tenure::begin(&plan, attempt).ok();
        self.world.log.arm_rival(self.world.shards[at].books.events, Box::new(claim));
        self.world.begin(at);
        let rival = rival.lock().take();
        if let (Some(tenure), None) = (rival, &self.world.shards[at].owner) {
            self.world.install(at, tenure, attempt);
        }
    }

    /// The owner is held up, and another one begins.
    pub(super) fn zombie(&mut self, at: usize) {
        let shard = &mut self.world.shards[at];
        if shard.zombie.is_some() || shard.owner.is_none() {
            return;
        }
        self.world.tally.count("fault", "zombie");
        shard.zombie = shard.owner.take();
        self.write(at);
        self.world.begin(at);
    }

    /// Nobody owns anything for ten minutes, or for more than a day, while customers go on writing
    /// and agents wishing.
    pub(super) fn outage(&mut self) {
        self.world.tally.count("fault", "outage");
        for at in 0..self.world.shards.len() {
            self.world.lose_owner(at, None);
        }
        let long = self.leaps < Self::LEAPS && self.world.chance.once_in(4);
        let seconds = if long { 26 * 3_600 } else { 600 };
        for n in 0..20 {
            self.tick();
            self.write(n % self.world.shards.len());
            if long {
                self.world.clock.set(self.world.now() + Duration::from_secs(seconds / 20));
                self.wish_again();
                self.write_again();
            }
        }
        if long {
            self.world.tally.count("fault", "outage-of-a-day");
            self.leaps += 1;
        }
        self.world.clock.set(self.world.now() + Duration::from_secs(seconds));
    }

    /// How often a seed's time leaps by days.
    const LEAPS: u32 = 2;

    pub(super) fn tick(&mut self) {
        let by = match self.world.chance.below(6) {
            0 => Duration::from_millis(self.world.chance.below(1_000) as u64),
            1 => Duration::from_secs(self.world.chance.below(90) as u64),
            _ => Duration::from_micros(self.world.chance.below(50) as u64),
        };
        self.world.clock.set(self.world.now() + by);
    }

    /// A day passes at rest, or three: the windows of sessions and of repeats close. While a message
    /// is held lane time stands still; what is wished then is repeated when it goes on.
    pub(super) fn leap(&mut self) {
        self.rest();
        if self.leaps == Self::LEAPS {
            return;
        }
        let held = self.world.is_held();
        self.world.tally.count("fault", if held { "clock-leap-while-held" } else { "clock-leap" });
        self.leaps += 1;
        let hours = if self.world.chance.once_in(3) { 73 } else { 25 };
        self.world.clock.set(self.world.now() + Duration::from_secs(hours * 3_600));
        for at in 0..self.world.shards.len() {
            self.send(at);
            self.send(at);
            if held {
                self.make_room(at);
            }
        }
    }

    /// Supervisors end conversations until no lane is full, and everybody says again what he said.
    fn make_room(&mut self, at: usize) {
        let supervisor = House::supervisor(self.shard(at));
        let said = self.wished.len();
        for _ in 0..self.world.house.sizes.slots {
            let Some((conversation, _)) = self.talk(at, true) else { return };
            let partition = self.commands_of(conversation);
            self.wish(partition, supervisor, Command::Close { conversation });
        }
        self.rest();
        self.write(at);
        self.send(at);
        self.rest();
        let recent: Vec<_> = self.wished.iter().skip(said.saturating_sub(4)).cloned().collect();
        recent.into_iter().for_each(|(partition, record)| {
            self.world.say(partition, Said::Command(record));
        });
    }
}
