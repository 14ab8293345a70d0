//! Each kind of failure is caught, and counted under its own name.

use std::collections::BTreeMap;
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
    /// One conversation in a hundred is put behind a few that come after it.
    PutsBack,
    /// Of one hand-over in a hundred its lane is told long after, when nobody is at it any more.
    TellsLate,
}

struct Faulty {
    inner: Box<dyn Driven>,
    fault: Fault,
    calls: Mutex<u64>,
    again: Mutex<Vec<(Slot, UserId)>>,
    late: Mutex<BTreeMap<LaneId, (Slot, Hold)>>,
}

impl Faulty {
    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn is_late(&self, slot: Slot) -> bool {
        self.late.lock().get(&slot.lane).is_some_and(|(late, _)| *late == slot)
    }

    fn is_hundredth(&self, fault: Fault) -> bool {
        let mut calls = self.calls.lock();
        *calls += 1;
        self.is(fault) && calls.is_multiple_of(100)
    }
}

impl Driven for Faulty {
    fn arrive(&self, group: GroupId, slot: Slot, key: i64) -> Asked {
        let key = match self.fault {
            Fault::LastComesFirst => -key,
            Fault::PutsBack if self.is_hundredth(Fault::PutsBack) => key + 50_000,
            _ => key,
        };
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
        if again.is_some() {
            return again;
        }
        let told = self.inner.ready(lane)?;
        if self.is_hundredth(Fault::TellsLate) {
            return self.late.lock().insert(lane, told);
        }
        Some(told)
    }

    fn cancel(&self, slot: Slot) -> Cancelled {
        let late = self.is_late(slot).then(|| self.late.lock().remove(&slot.lane)).flatten();
        let Some((_, hold)) = late else { return self.inner.cancel(slot) };
        self.inner.free(hold, Duration::ZERO);
        Cancelled::Freed
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
        match self.is_late(slot) {
            true => Asked::HandedOver,
            false => self.inner.seat(agent, slot, key, kind),
        }
    }

    fn requeue(&self, slot: Slot, group: GroupId, key: i64) -> Option<Asked> {
        match self.is_late(slot) {
            true => Some(Asked::HandedOver),
            false => self.inner.requeue(slot, group, key),
        }
    }

    fn audit(&self) -> Option<Audit> {
        self.inner.audit()
    }
}

fn with(fault: Fault, plan: &Plan) -> Outcome {
    let inner = plan.structure.build(plan);
    let calls = Mutex::new(0);
    let (again, late) = (Mutex::default(), Mutex::default());
    let faulty = Faulty { inner, fault, calls, again, late };
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

/// Alone, beside others at work, and while hand-overs are undone all the time.
fn queues() -> [Plan; 3] {
    let others = Plan { threads: 4, ..queue() };
    [queue(), others.clone(), Plan { churn: Some(50), ..others }]
}

#[test]
fn whoever_is_overtaken_by_a_few_is_noticed() {
    for plan in queues() {
        assert!(with(Fault::PutsBack, &plan).violations.order > 10, "{plan:?}");
    }
}

/// A lane may be told late by an operation that still runs, and by no other.
#[test]
fn a_hand_over_that_is_told_late_is_noticed() {
    for plan in queues() {
        assert!(with(Fault::TellsLate, &plan).violations.order > 10, "{plan:?}");
    }
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
