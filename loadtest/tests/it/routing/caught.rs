//! Each kind of failure is caught, and counted under its own name.

use std::time::Duration;

use distributor::assign::{Audit, Cancelled, SeatKind, Slot};
use loadtest::routing::{
    Asked, Driven, Hold, Monotonic, Outcome, Plan, StructureKind, Violations, drive,
};
use model::desk::Settings;
use model::id::{GroupId, LaneId, UserId};
use model::people::{Policy, Presence};
use parking_lot::Mutex;

use super::{calm, plan, ran};

/// What is wrong with a structure that is otherwise the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// Whoever must wait is given to agent 1.
    SeatsAboveTheCap,
    /// A pause is not taken note of.
    IgnoresPause,
    /// Each conversation that is seated is handed a second seat.
    DeliversTwice,
    /// One release in a hundred is forgotten.
    ForgetsReleases,
    /// One conversation in a hundred is told to wait, and forgotten.
    ForgetsWaiters,
    /// Agent 3 is passed over.
    PassesOver,
    /// The last to come is the first to be served.
    LastComesFirst,
}

struct Faulty {
    inner: Box<dyn Driven>,
    fault: Fault,
    calls: Mutex<u64>,
    again: Mutex<Vec<(Slot, UserId)>>,
}

impl Faulty {
    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn is_hundredth(&self, fault: Fault) -> bool {
        let mut calls = self.calls.lock();
        *calls += 1;
        self.is(fault) && calls.is_multiple_of(100)
    }
}

impl Driven for Faulty {
    fn arrive(&self, group: GroupId, slot: Slot, key: i64) -> Asked {
        let key = if self.is(Fault::LastComesFirst) { -key } else { key };
        match self.inner.arrive(group, slot, key) {
            Asked::Waiting if self.is(Fault::SeatsAboveTheCap) => {
                self.inner.cancel(slot);
                Asked::Seated(Hold::record(UserId(1)))
            }
            Asked::Seated(hold) if self.is_hundredth(Fault::ForgetsWaiters) => {
                self.inner.free(hold, Duration::ZERO);
                Asked::Waiting
            }
            Asked::Seated(hold) if self.is(Fault::PassesOver) && hold.agent == UserId(3) => {
                let next = self.inner.arrive(group, slot, key);
                self.inner.free(hold, Duration::ZERO);
                next
            }
            Asked::Seated(hold) => {
                if self.is(Fault::DeliversTwice) {
                    self.again.lock().push((slot, hold.agent));
                }
                Asked::Seated(hold)
            }
            other => other,
        }
    }

    fn free(&self, hold: Hold, handled: Duration) {
        if !self.is_hundredth(Fault::ForgetsReleases) {
            self.inner.free(hold, handled);
        }
    }

    fn ready(&self, lane: LaneId) -> Option<(Slot, Hold)> {
        let again = self.again.lock().pop().map(|(slot, agent)| (slot, Hold::record(agent)));
        again.or_else(|| self.inner.ready(lane))
    }

    fn cancel(&self, slot: Slot) -> Cancelled {
        self.inner.cancel(slot)
    }

    fn presence(&self, user: UserId, presence: Presence) {
        if !self.is(Fault::IgnoresPause) || presence == Presence::Available {
            self.inner.presence(user, presence);
        }
    }

    fn edit(&self, settings: &Settings) {
        self.inner.edit(settings);
    }

    fn seat(&self, agent: UserId, slot: Slot, key: i64, kind: SeatKind) -> Asked {
        self.inner.seat(agent, slot, key, kind)
    }

    fn requeue(&self, slot: Slot, group: GroupId, key: i64) -> Option<Asked> {
        self.inner.requeue(slot, group, key)
    }

    fn audit(&self) -> Option<Audit> {
        self.inner.audit()
    }
}

fn with(fault: Fault, plan: &Plan) -> Outcome {
    let inner = plan.structure.build(plan);
    let faulty = Faulty { inner, fault, calls: Mutex::new(0), again: Mutex::default() };
    drive(plan, &faulty, &Monotonic::start(), &mut |_| {}).unwrap()
}

fn circles() -> Plan {
    calm(StructureKind::Reference, Policy::Circular)
}

/// A queue that is never empty.
fn queue() -> Plan {
    Plan { utilisation: 130, ..circles() }
}

#[test]
fn the_sound_structure_is_not_accused() {
    let outcomes = [circles(), queue(), Plan { churn: Some(3), ..queue() }];
    for plan in outcomes {
        assert_eq!(with(Fault::None, &plan).violations, Violations::default());
    }
}

#[test]
fn a_seat_above_the_cap_is_caught() {
    assert!(with(Fault::SeatsAboveTheCap, &queue()).violations.cap > 0);
}

#[test]
fn a_seat_of_a_paused_agent_is_caught() {
    let plan = Plan { churn: Some(20), ..circles() };
    assert!(with(Fault::IgnoresPause, &plan).violations.pause > 0);
}

#[test]
fn a_second_seat_for_one_conversation_is_caught() {
    assert!(with(Fault::DeliversTwice, &circles()).violations.double_delivery > 1_000);
}

#[test]
fn a_seat_that_is_not_there_any_more_is_caught() {
    let outcome = with(Fault::ForgetsReleases, &Plan { utilisation: 20, ..circles() });
    assert!(outcome.violations.lost_seat > 0);
    assert!(!outcome.is_sound());
}

#[test]
fn a_conversation_that_waits_beside_a_free_seat_is_caught() {
    assert!(with(Fault::ForgetsWaiters, &circles()).violations.lost_wakeup > 0);
}

#[test]
fn a_turn_that_passes_somebody_over_is_caught() {
    let outcome = with(Fault::PassesOver, &circles());
    assert!(outcome.fairness.spread > 100, "{}", outcome.fairness.spread);
    assert_eq!(outcome.violations.order, outcome.fairness.spread - 1);
}

#[test]
fn whoever_is_overtaken_is_noticed() {
    assert!(with(Fault::LastComesFirst, &queue()).violations.order > 0);
}

/// Three instances, a limit of three chats: the published failure. A race needs luck, so it has
/// several chances.
#[test]
fn counting_and_then_assigning_exceeds_the_cap() {
    let cap = model::people::Cap::new(3).unwrap();
    let plan = calm(StructureKind::CountThenAssign, Policy::Circular);
    let plan = Plan { agents: 1, cap, threads: 3, utilisation: 200, ..plan };
    assert!((0..50).any(|_| ran(&plan).violations.cap > 0));
}

#[test]
fn reading_and_then_writing_the_cursor_breaks_the_turn() {
    let plan = Plan { threads: 4, ..calm(StructureKind::NaiveCursor, Policy::Circular) };
    assert!((0..50).any(|_| ran(&plan).violations.order > 0));
}

#[test]
fn the_peers_code_fails_while_agents_come_and_go_too() {
    let plan = plan(StructureKind::CountThenAssign, Policy::Circular);
    assert!((0..50).any(|_| !ran(&plan).is_sound()));
}
