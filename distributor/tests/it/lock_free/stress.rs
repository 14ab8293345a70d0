//! Four lanes at once do everything there is, then stop together, and the core is looked at; then
//! on.

use std::collections::BTreeMap;
use std::time::Duration;

use distributor::assign::{
    Arrival, Assign, Audit, Cancelled, LockFree, Requeued, Seat, SeatKind, SeatOutcome, Sizes,
    Slot, Ticket,
};
use model::desk::Settings;
use model::id::{GroupId, LaneId, UserId};
use model::people::{Cap, Membership, Policy, Presence};
use storage::port::Bell;

use super::world::World;

const LANES: u8 = 4;
const SLOTS: u32 = 12;
const ROUNDS: u64 = 250;
const STEPS: u32 = 160;
const AGENTS: u32 = 7;

/// A lane between two rounds: its slots with a seat, and those that wait or are handed one.
struct Lane {
    id: LaneId,
    held: BTreeMap<u32, Ticket>,
    waiting: Vec<u32>,
    random: u64,
}

impl Lane {
    fn draw(&mut self, below: u32) -> u32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 33) as u32 % below
    }

    fn slot(&self, index: u32) -> Slot {
        Slot { lane: self.id, index }
    }

    fn take_ready(&mut self, core: &LockFree) {
        while let Some(confirmed) = core.ready(self.id) {
            self.waiting.retain(|index| *index != confirmed.slot.index);
            self.hold(confirmed.slot.index, confirmed.seat);
        }
    }

    fn hold(&mut self, index: u32, seat: Seat) {
        self.waiting.retain(|other| *other != index);
        assert!(self.held.insert(index, seat.ticket).is_none(), "C4: two seats");
    }

    fn step(&mut self, core: &LockFree) {
        let (index, group) = (self.draw(SLOTS), GroupId(1 + self.draw(3)));
        let (key, what) = (i64::from(self.draw(50)), self.draw(8));
        let slot = self.slot(index);
        let waits = self.waiting.contains(&index);
        match what {
            _ if self.held.contains_key(&index) => {
                let ticket = self.held.remove(&index).unwrap();
                core.free(ticket, Duration::from_secs(u64::from(self.draw(300))));
            }
            0 | 1 if waits => {
                assert_ne!(core.cancel(slot), Cancelled::NotWaiting);
                self.waiting.retain(|other| *other != index);
            }
            2 if waits => match core.requeue(slot, group, key) {
                Requeued::Seated(seat) => self.hold(index, seat),
                Requeued::Waiting | Requeued::HandedOver => {}
            },
            3 => self.call(core, slot, key),
            4 => self.take_ready(core),
            _ if waits => {}
            _ => match core.arrive(group, slot, key) {
                Arrival::Seated(seat) => self.hold(index, seat),
                Arrival::Waiting => self.waiting.push(index),
            },
        }
    }

    fn call(&mut self, core: &LockFree, slot: Slot, key: i64) {
        let kinds = [SeatKind::Back, SeatKind::Owner, SeatKind::Transfer { paused_ok: true }];
        let kind = kinds[self.draw(3) as usize];
        match core.seat(UserId(1 + self.draw(AGENTS)), slot, key, kind) {
            SeatOutcome::Seated(seat) => self.hold(slot.index, seat),
            SeatOutcome::Waiting if !self.waiting.contains(&slot.index) => {
                self.waiting.push(slot.index);
            }
            _ => {}
        }
    }

    /// Lane 0 is the one that edits.
    fn manage(&mut self, core: &LockFree, settings: &mut Settings) {
        let user = UserId(1 + self.draw(AGENTS));
        let group = GroupId(1 + self.draw(3));
        let draw = self.draw(6);
        match draw {
            0 => core.presence(user, Presence::Paused),
            1 => core.presence(user, Presence::Offline),
            2 | 3 => core.presence(user, Presence::Available),
            4 => {
                let cap = Cap::new(self.draw(4)).unwrap();
                let policy = Policy::ALL[self.draw(5) as usize];
                settings.users.get_mut(&user).unwrap().cap = cap;
                settings.groups.get_mut(&group).unwrap().policy = policy;
                core.edit(settings);
            }
            _ => {
                let known = settings.users.get_mut(&user).unwrap();
                let member = known.groups.iter().any(|membership| membership.group == group);
                known.groups.retain(|membership| membership.group != group);
                if !member {
                    known.groups.push(Membership { group, receives: true });
                }
                core.edit(settings);
            }
        }
    }
}

#[test]
fn every_operation_at_once_leaves_a_sound_core_at_every_rest() {
    let caps = [1, 2, 0, 3, 1, 2, 1];
    let world = World::new(&[Policy::Circular, Policy::Random, Policy::AgentPriority], &caps);
    let settings = world.settings;
    let sizes = Sizes { agents: 16, groups: 8, slots: SLOTS };
    let core = LockFree::new((0..LANES).map(|_| Bell::new()).collect(), 7, sizes);
    core.edit(&settings);
    let lane = |n: u8| Lane {
        id: LaneId::new(n).unwrap(),
        held: BTreeMap::new(),
        waiting: Vec::new(),
        random: 0x9e37_79b9_7f4a_7c15 ^ u64::from(n),
    };
    let mut lanes: Vec<Lane> = (0..LANES).map(lane).collect();
    for round in 0..ROUNDS {
        std::thread::scope(|scope| {
            for lane in &mut lanes {
                let (core, settings) =
                    (&core, (lane.id == LaneId::FIRST).then(|| settings.clone()));
                scope.spawn(move || {
                    let mut settings = settings;
                    for step in 0..STEPS {
                        lane.step(core);
                        if step % 4 == 0
                            && let Some(settings) = &mut settings
                        {
                            lane.manage(core, settings);
                        }
                    }
                });
            }
        });
        core.edit(&settings);
        at_rest(&core, &mut lanes, round);
    }
    let held: usize = lanes.iter().map(|lane| lane.held.len()).sum();
    let waiting: usize = lanes.iter().map(|lane| lane.waiting.len()).sum();
    assert!(held + waiting > 0, "the lanes did nothing");
}

/// No operation runs: after the last hand-overs everything is accounted for, and nobody waits for
/// an agent who is free.
fn at_rest(core: &LockFree, lanes: &mut [Lane], round: u64) {
    for _ in 0..2 {
        lanes.iter_mut().for_each(|lane| lane.take_ready(core));
    }
    assert_eq!(core.audit(), Audit::default(), "round {round}");
    for lane in lanes {
        for index in &lane.waiting {
            assert!(core.position(lane.slot(*index)).is_some(), "round {round}: {index} is lost");
        }
    }
}
