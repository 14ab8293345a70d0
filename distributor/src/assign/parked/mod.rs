//! What lock-free means: a thread that stops for ever at any shared access of any operation stops
//! nobody, and takes nothing with it but what it had in hand.
//!
//! Lane 0 stops inside one call; lanes 1 and 2 go on until so many calls of theirs came back, and
//! end all they had. Then, with the thread still standing there:
//!
//! - one seat at most belongs to nobody: the one the call was taking or giving back;
//! - no conversation of the other lanes is lost. One may have been handed a seat of which its lane
//!   was not told yet: its lane can end it;
//! - every other free seat is found by the policies. Where the call was making an agent eligible,
//!   this agent alone may be out of their sight; his seats are there for who asks by name;
//! - conversations of lane 0 wait, or keep the seats handed to them: nobody else may take those.
//!
//! A thread that stops inside an edit stops further edits, and nothing else.

mod house;
mod doing;
mod others;

use std::sync::Arc;
use std::time::Duration;

use model::id::{GroupId, UserId};
use model::people::Policy;
use parking_lot::{Condvar, Mutex};

use super::shim::parking::Lot;
use super::shim::{Alone, Figure};
use super::{Arrival, SeatKind, SeatOutcome};
use doing::{Doing, POLICIES};
use house::{Core, GROUPS, House, Kind, slot};
use others::Other;

/// Calls of the lanes that go on, both together; `CHASQUI_PARKED_CALLS` sets another number.
const CALLS: u64 = 100_000;

/// One stop.
#[derive(Clone, Copy, Debug)]
struct Stop {
    kind: Kind,
    policy: Policy,
    doing: Doing,
    /// At which shared access, from 1.
    access: u64,
    /// How many calls the others are to make.
    calls: u64,
    /// How long they have for it.
    most: Duration,
}

/// Lanes at work: how many have ended.
#[derive(Default)]
struct Ended {
    lanes: Mutex<u32>,
    changed: Condvar,
}

impl Ended {
    fn one_more(&self) {
        *self.lanes.lock() += 1;
        self.changed.notify_all();
    }

    /// Waits until both lanes have, but not longer than `most`.
    fn wait(&self, most: Duration) -> bool {
        let mut lanes = self.lanes.lock();
        !self.changed.wait_while_for(&mut lanes, |ended| *ended < 2, most).timed_out()
    }
}

impl Stop {
    /// How many calls of others came back while the thread stood there; `None` when its call has
    /// fewer shared accesses.
    fn run(self) -> Option<u64> {
        let mut house = House::new(self.kind, self.policy);
        let call = self.doing.prepare(&mut house);
        let lot = Arc::new(Lot::default());
        std::thread::scope(|scope| {
            let (core, gate) = (house.core.clone(), lot.clone());
            let stops = scope.spawn(move || {
                gate.stop_at(self.access);
                let outcome = call.make(&core);
                gate.pass();
                outcome
            });
            let _opens = lot.opens();
            if lot.is_taken() {
                return Some(self.go_on(&mut house, &lot));
            }
            assert_eq!(stops.join().unwrap(), self.doing.comes_to(), "{self:?}");
            None
        })
    }

    /// Lanes 1 and 2 go on; how many calls came back until the lot opened.
    fn go_on(&self, house: &mut House, lot: &Lot) -> u64 {
        let done = [(); 2].map(|()| Alone(Figure::default()));
        let ended = Ended::default();
        let (core, settings) = (&house.core, &house.settings);
        let mut tickets = std::mem::take(&mut house.tickets);
        std::thread::scope(|scope| {
            for (lane, done) in [1, 2].into_iter().zip(&done) {
                let waits = self.doing.waiting().contains(&lane);
                let mut other = Other::new(core, lane, waits, &done.0);
                other.take_over(tickets.drain(..tickets.len() / (3 - usize::from(lane))));
                let manages = lane == 1;
                other.manage((manages && !self.doing.edits()).then(|| settings.clone()));
                let ended = &ended;
                scope.spawn(move || {
                    other.work(self.calls / 2, manages);
                    ended.one_more();
                });
            }
            let in_time = ended.wait(self.most);
            let done = done.iter().map(|done| done.0.get()).sum();
            if in_time && self.kind == Kind::LockFree {
                self.judge(core);
            }
            if !in_time {
                lot.open();
            }
            done
        })
    }

    /// At rest, but for the thread that stands still: takes every seat there is. Whoever waits for
    /// a group must not do so beside a free seat.
    fn judge(&self, core: &Core) {
        if let Some(agent) = self.doing.shows() {
            while self.is_seated(core, agent) {}
        }
        for group in (1..=GROUPS).map(GroupId) {
            let waits = slot(1, group.0);
            while core.arrive(group, waits, 1_000) != Arrival::Waiting {}
            let audit = core.audit();
            assert_eq!(audit.idle_while_waiting, 0, "{self:?}: {audit:?}");
            assert_eq!(audit.over_cap, 0, "{self:?}: {audit:?}");
            assert!(audit.unaccounted_seats <= Some(1), "{self:?}: {audit:?}");
        }
    }

    fn is_seated(&self, core: &Core, agent: UserId) -> bool {
        let outcome = core.seat(agent, slot(1, 9), 0, SeatKind::Start);
        matches!(outcome, SeatOutcome::Seated(_))
    }
}

fn calls() -> u64 {
    let set = std::env::var("CHASQUI_PARKED_CALLS").ok();
    set.and_then(|text| text.parse().ok()).unwrap_or(CALLS)
}

/// Stops one call at each of its shared accesses in turn: how many stops, and calls of others. At
/// each the others also end at once what they have: later calls would bring back whoever is out of
/// sight.
fn stopped_everywhere(doing: Doing, policy: Policy) -> (u64, u64) {
    let (kind, most) = (Kind::LockFree, Duration::from_secs(60));
    let at = |access, calls| Stop { kind, policy, doing, access, calls, most }.run();
    let calls = calls();
    let both = |access| at(access, 0).and(at(access, calls));
    let done: Vec<u64> = (1..).map_while(both).collect();
    assert!(done.len() >= 3, "{doing:?} has only {} shared accesses", done.len());
    assert!(done.iter().all(|done| *done >= calls), "{doing:?} under {policy:?}: {done:?}");
    (done.len() as u64, done.iter().sum())
}

#[test]
fn a_thread_stopped_anywhere_stops_nobody() {
    let (mut stops, mut calls) = (0, 0);
    for doing in Doing::ALL {
        let of_doing = POLICIES.map(|policy| stopped_everywhere(doing, policy));
        let stops_of_doing: u64 = of_doing.iter().map(|(stops, _)| stops).sum();
        println!("{doing:?}: {stops_of_doing} stops");
        stops += stops_of_doing;
        calls += of_doing.iter().map(|(_, calls)| calls).sum::<u64>();
    }
    println!("{stops} stops, {calls} calls of others while one thread stood still");
}

/// The same harness sees a lock: the thread stops inside it, and nobody else gets anywhere.
#[test]
fn a_thread_stopped_inside_the_mutex_stops_everybody() {
    for doing in Doing::ALL {
        let (kind, policy) = (Kind::Mutex, Policy::Circular);
        let most = Duration::from_millis(100);
        let stop = Stop { kind, policy, doing, access: 1, calls: 1_000, most };
        assert_eq!(stop.run(), Some(0), "{doing:?}");
    }
}
