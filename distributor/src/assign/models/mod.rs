//! The lock-free core under every interleaving and every lawful reordering of up to three threads
//! (loom, preemption bound 3), on the real code.
//!
//! Each model names the mutants that it must refute: the same code made wrong at one point. A
//! model that does not is itself wrong. What each checks in the end is the core's own audit.

mod seats;
mod hand_overs;
mod layouts;
mod lists;
mod ring;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use loom::thread::JoinHandle;
use model::desk::Settings;
use model::id::{GroupId, LaneId, OperationId, UserId};
use model::people::{
    AgentRank, Cap, Group, Membership, NewcomerScore, Policy, Presence, User, UserKind,
};
use storage::port::Bell;

use super::shim::{Mutant, set_wrong};
use super::{Arrival, Assign, Audit, LockFree, Sizes, Slot, Ticket};

/// Runs a model right, then wrong at each of `mutants`.
fn check(name: &str, mutants: &[Mutant], model: fn()) {
    check_within(3, name, mutants, model);
}

/// The same with fewer preemptions, where two operations are so long that three take minutes.
fn check_within(preemptions: usize, name: &str, mutants: &[Mutant], model: fn()) {
    set_wrong(None);
    let runs = explore(preemptions, model);
    println!("model {name}: {runs} executions");
    for wrong in mutants {
        set_wrong(Some(*wrong));
        let runs = AssertUnwindSafe(AtomicU64::new(0));
        let passed = catch_unwind(|| explore_counting(preemptions, model, &runs)).is_ok();
        set_wrong(None);
        let runs = runs.load(Ordering::Relaxed);
        assert!(!passed, "{name} does not refute {wrong:?} in {runs} executions");
        println!("mutant {name}/{wrong:?}: refuted at execution {runs}");
    }
}

fn explore(preemptions: usize, model: fn()) -> u64 {
    let runs = AtomicU64::new(0);
    explore_counting(preemptions, model, &runs);
    runs.into_inner()
}

fn explore_counting(preemptions: usize, model: fn(), runs: &AtomicU64) {
    let bound = std::env::var("CHASQUI_LOOM_BOUND").ok().and_then(|text| text.parse().ok());
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(bound.unwrap_or(preemptions));
    builder.max_branches = 20_000;
    let counted = Arc::new(AtomicU64::new(0));
    let counter = counted.clone();
    let explored = catch_unwind(AssertUnwindSafe(|| {
        builder.check(move || {
            counter.fetch_add(1, Ordering::Relaxed);
            model();
        });
    }));
    runs.store(counted.load(Ordering::Relaxed), Ordering::Relaxed);
    if let Err(panic) = explored {
        std::panic::resume_unwind(panic);
    }
}

/// A small core: two lanes of two slots.
#[derive(Clone)]
struct Desk {
    core: Arc<LockFree>,
    settings: Settings,
}

impl Desk {
    /// Circular groups 1, 2, …; agents 1, 2, … by cap and groups, all available.
    fn new(groups: u32, agents: &[(u32, &[u32])]) -> Self {
        Self::by(&vec![Policy::Circular; groups as usize], agents)
    }

    /// Groups 1, 2, … by policy; agents as above.
    fn by(policies: &[Policy], agents: &[(u32, &[u32])]) -> Self {
        let mut settings = Settings::default();
        for (id, policy) in (1..).zip(policies) {
            settings.groups.insert(GroupId(id), group(id, *policy));
        }
        for (id, (cap, groups)) in (1..).zip(agents) {
            settings.users.insert(UserId(id), agent(id, *cap, groups));
        }
        let sizes =
            Sizes { agents: agents.len() as u32, groups: policies.len() as u32 + 1, slots: 2 };
        let core = LockFree::new((0..2).map(|_| Bell::new()).collect(), 1, sizes);
        core.edit(&settings);
        for user in settings.users.keys() {
            core.presence(*user, Presence::Available);
        }
        Self { core: Arc::new(core), settings }
    }

    /// A seat, straight away; the slot stays free.
    fn seat(&self, group: u32) -> Ticket {
        match self.core.arrive(GroupId(group), slot(1, 1), 0) {
            Arrival::Seated(seat) => seat.ticket,
            Arrival::Waiting => panic!("nobody is free"),
        }
    }

    fn wait(&self, group: u32, at: Slot) {
        assert_eq!(self.core.arrive(GroupId(group), at, 0), Arrival::Waiting);
    }

    fn spawn<T: 'static>(&self, run: impl FnOnce(&LockFree) -> T + 'static) -> JoinHandle<T> {
        let core = self.core.clone();
        loom::thread::spawn(move || run(&core))
    }

    /// Takes every hand-over; how many were confirmed.
    fn drain(&self) -> Vec<(Slot, Ticket)> {
        let mut all = Vec::new();
        for lane in [0, 1] {
            while let Some(confirmed) = self.core.ready(lane_id(lane)) {
                all.push((confirmed.slot, confirmed.seat.ticket));
            }
        }
        all
    }

    /// Nothing is wrong at rest (H1, H3, H4, I1).
    fn audit(&self) -> Vec<(Slot, Ticket)> {
        let taken = self.drain();
        assert_eq!(self.core.audit(), Audit::default());
        assert!(!self.core.hides_anybody(), "an eligible agent who is not shown, or too far on");
        taken
    }
}

fn free(core: &LockFree, ticket: Ticket) {
    core.free(ticket, Duration::ZERO);
}

fn lane_id(lane: u8) -> LaneId {
    LaneId::new(lane).unwrap()
}

fn slot(lane: u8, index: u32) -> Slot {
    Slot { lane: lane_id(lane), index }
}

fn group(id: u32, policy: Policy) -> Group {
    Group {
        id: GroupId(id),
        version: 1,
        operation: OperationId(1),
        name: String::new(),
        active: true,
        policy,
        newcomer: NewcomerScore::Zero,
        head_start: Duration::ZERO,
    }
}

fn agent(id: u32, cap: u32, groups: &[u32]) -> User {
    let membership = |group: &u32| Membership { group: GroupId(*group), receives: true };
    User {
        id: UserId(id),
        version: 1,
        operation: OperationId(1),
        login: String::new(),
        name: String::new(),
        kind: UserKind::Agent,
        active: true,
        groups: groups.iter().map(membership).collect(),
        cap: Cap::new(cap).unwrap(),
        rank: AgentRank(0),
    }
}
