//! What happens to an installation: one step after another, as the seed says.

mod desk;
pub(crate) mod hours;
pub(crate) mod poison;
mod upsets;

use std::time::Duration;

use model::desk::{CommandRecord, Inbound};
use model::id::{ChannelId, LaneId, ShardId};
use model::people::Presence;
use model::service::Content;
use storage::port::{Partition, Topic};

use crate::check::rest::Lines;
use crate::faulty::Fault;
use crate::house::House;
use crate::ledger::Said;
use crate::world::World;

/// What one step may be.
#[derive(Clone, Copy)]
enum Act {
    Write,
    WriteAgain,
    Send,
    Close,
    Transfer,
    Reassign,
    Pend,
    Resume,
    Meet,
    WishAgain,
    Appear,
    Answer,
    Receive,
    Junk,
    Edit,
    BadSetting,
    LateChannel,
    AllLeave,
    Renew,
    Pass,
    Flap,
    Turn,
    Look,
    Land,
    Break,
    BreakDead,
    BreakClaim,
    Panic,
    Crash,
    CrashAll,
    Rival,
    Zombie,
    ZombieTurn,
    Outage,
    Tick,
    Leap,
    Rest,
}

const ACTS: &[(usize, Act)] = &[
    (60, Act::Write),
    (10, Act::WriteAgain),
    (25, Act::Send),
    (40, Act::Close),
    (20, Act::Transfer),
    (10, Act::Reassign),
    (24, Act::Pend),
    (12, Act::Resume),
    (8, Act::Meet),
    (8, Act::WishAgain),
    (20, Act::Appear),
    (10, Act::Answer),
    (10, Act::Receive),
    (3, Act::Junk),
    (9, Act::Edit),
    (1, Act::BadSetting),
    (2, Act::LateChannel),
    (2, Act::AllLeave),
    (6, Act::Renew),
    (3, Act::Pass),
    (5, Act::Flap),
    (180, Act::Turn),
    (4, Act::Look),
    (15, Act::Land),
    (12, Act::Break),
    (2, Act::BreakDead),
    (2, Act::BreakClaim),
    (2, Act::Panic),
    (2, Act::Crash),
    (1, Act::CrashAll),
    (1, Act::Rival),
    (2, Act::Zombie),
    (12, Act::ZombieTurn),
    (1, Act::Outage),
    (25, Act::Tick),
    (2, Act::Leap),
    (2, Act::Rest),
];

/// Customers and agents of one seed, and what they remember.
pub(crate) struct Story {
    pub(crate) world: World,
    lines: Vec<Lines>,
    written: Vec<(Partition, Said)>,
    wished: Vec<(Partition, CommandRecord)>,
    held_back: Option<(Partition, Said)>,
    messages: u32,
    commands: u128,
    late_channels: u32,
    leaps: u32,
}

impl Story {
    const CONTACTS: usize = 8;

    pub(crate) fn new(world: World) -> Self {
        let mut story = Self {
            world,
            lines: Vec::new(),
            written: Vec::new(),
            wished: Vec::new(),
            held_back: None,
            messages: 0,
            commands: 0,
            late_channels: 0,
            leaps: 0,
        };
        for shard in story.world.house.shards() {
            for agent in story.world.house.agents_of(shard) {
                if !story.world.chance.once_in(3) {
                    story.appear(shard, agent, Presence::Available);
                }
            }
        }
        story
    }

    /// So many steps, then a rest, a restart of everything, and a rest.
    pub(crate) fn tell(&mut self, steps: usize) {
        for _ in 0..steps {
            self.step();
            self.world.check();
        }
        self.rest();
        self.crash_all();
        self.rest();
    }

    fn step(&mut self) {
        let act = self.world.chance.weighed(ACTS);
        let at = self.world.chance.below(self.world.shards.len());
        match act {
            Act::Write => self.write(at),
            Act::WriteAgain => self.write_again(),
            Act::Send => self.send(at),
            Act::Close => self.close(at),
            Act::Transfer => self.transfer(at),
            Act::Reassign => self.reassign(at),
            Act::Pend => self.pend(at),
            Act::Resume => self.resume(at),
            Act::Meet => self.meet(at),
            Act::WishAgain => self.wish_again(),
            Act::Appear => self.appear_somebody(at),
            Act::Answer => self.answer(at),
            Act::Receive => self.receive(at),
            Act::Junk => self.junk(at),
            Act::Edit => self.edit(),
            Act::BadSetting => self.bad_setting(),
            Act::LateChannel => self.late_channel(at),
            Act::AllLeave => self.all_leave(at),
            Act::Renew => {
                let gateway = self.world.chance.below(2) as u32;
                self.renew(at, gateway);
            }
            Act::Pass => self.pass(),
            Act::Flap => self.flap(at),
            Act::Turn => drop(self.turn(at)),
            Act::Look => self.world.look(at),
            Act::Land => self.land(at),
            Act::Break => self.arm(at),
            Act::BreakDead => {
                let fault = *self.world.chance.pick(&[Fault::Lost, Fault::Unknown]);
                self.world.log.arm(Partition::DEAD, fault);
            }
            Act::BreakClaim => {
                let fault = *self.world.chance.pick(&[Fault::Lost, Fault::Unknown]);
                self.world.log.arm_claim(self.world.shards[at].books.events, fault);
                self.world.lose_owner(at, None);
                self.world.begin(at);
            }
            Act::Panic => {
                self.world.tally.count("fault", "lane-panic");
                self.world.trap = Some(self.world.chance.below(4) as u32);
                self.turn(at);
                self.world.trap = None;
            }
            Act::Crash => {
                self.world.tally.count("fault", "crash");
                self.world.lose_owner(at, None);
            }
            Act::CrashAll => self.crash_all(),
            Act::Rival => self.rival(at),
            Act::Zombie => self.zombie(at),
            Act::ZombieTurn => {
                let lane = self.lane();
                self.world.turn_of_zombie(at, lane);
            }
            Act::Outage => self.outage(),
            Act::Tick => self.tick(),
            Act::Leap => self.leap(),
            Act::Rest => self.rest(),
        }
    }

    fn lane(&mut self) -> usize {
        self.world.chance.below(usize::from(self.world.house.place.lanes()))
    }

    fn turn(&mut self, at: usize) -> bool {
        let lane = self.lane();
        self.world.turn(at, lane)
    }

    fn rest(&mut self) {
        self.deliver_held_back();
        self.world.rest(&mut self.lines);
        poison::mend();
    }

    fn shard(&self, at: usize) -> ShardId {
        self.world.shards[at].books.shard
    }

    /// A customer writes. One message in six overtakes the next; some are a day old; some come
    /// to a channel that is none of the shard's.
    fn write(&mut self, at: usize) {
        let (shard, house) = (self.shard(at), self.world.house);
        let chance = &mut self.world.chance;
        let mut channels = house.channels_of(shard);
        channels.extend((0..self.late_channels).map(|n| House::late_channel(shard, n)));
        let channel = match chance.below(60) {
            0 => ChannelId(9),
            1 => ChannelId(house.channels_of(house.shards().last().unwrap())[0].0),
            _ => *chance.pick(&channels),
        };
        self.write_to(at, channel);
    }

    fn write_to(&mut self, at: usize, channel: ChannelId) {
        self.messages += 1;
        let (shard, house, now) = (self.shard(at), self.world.house, self.world.now());
        let chance = &mut self.world.chance;
        let address = format!("55{}", chance.below(Self::CONTACTS));
        let age = if chance.once_in(20) { 20 * 3_600 } else { chance.below(5) as u64 };
        let message = Inbound {
            channel,
            address: address.clone(),
            name: String::new(),
            provider_id: format!("m{}", self.messages),
            sent_at: now - Duration::from_secs(age),
            received_at: now,
            content: Content::Text("hi".to_owned()),
        };
        let lane = house.place.of_address(shard, channel, &address);
        let settings = &self.world.ledger.settings;
        let operation = settings.operation_of(channel);
        let known = operation.is_some_and(|operation| operation.shard == shard);
        let said = Said::Message { message, known };
        let partition = Partition::new(Topic::Inbound, lane.index());
        if self.held_back.is_none() && self.world.chance.once_in(6) {
            self.held_back = Some((partition, said));
            return;
        }
        self.deliver(partition, said);
        if self.world.chance.once_in(2) {
            self.deliver_held_back();
        }
    }

    fn deliver(&mut self, partition: Partition, said: Said) {
        self.written.push((partition, said.clone()));
        self.world.say(partition, said);
    }

    fn deliver_held_back(&mut self) {
        if let Some((partition, said)) = self.held_back.take() {
            self.deliver(partition, said);
        }
    }

    fn write_again(&mut self) {
        if self.written.is_empty() {
            return;
        }
        let recent = self.world.chance.once_in(2);
        let from = if recent { self.written.len().saturating_sub(5) } else { 0 };
        let (partition, said) = self.world.chance.pick(&self.written[from..]).clone();
        for _ in 0..=self.world.chance.below(3) {
            self.world.say(partition, said.clone());
        }
    }

    fn junk(&mut self, at: usize) {
        let lane = LaneId::new(self.lane() as u8).unwrap();
        let shard = self.shard(at);
        let own = self.world.house.place.of_lane(shard, lane).index();
        let partition = match self.world.chance.below(3) {
            0 => Partition::new(Topic::Inbound, own),
            1 => Partition::new(Topic::Commands, own),
            _ => Partition::new(Topic::Control, u32::from(shard.get())),
        };
        self.world.say(partition, Said::Junk);
    }
}
