//! The driver's own books: what each agent holds, by the tickets in the driver's hands. Nothing
//! here is the core's word.
//!
//! A seat is entered after the core gave it and struck out before it is given back, so the books
//! never show more than the core held. A change that forbids something (pause, a lower cap, a
//! membership taken) is entered after the core returned, with the time; one that allows something
//! before the core is called. So an operation that began after the time of an entry is bound by
//! it, and one that began before may still have its seat.

use std::ops::AddAssign;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use model::id::{GroupId, UserId};
use parking_lot::Mutex;

use super::Plan;

/// What the driver caught the structure at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Violations {
    /// Seats given above the agent's cap.
    pub cap: u64,
    /// Seats given of an agent who was paused or gone, or through a group he had left, before the
    /// operation began.
    pub pause: u64,
    /// Seats given to a conversation that had one, or had ended.
    pub double_delivery: u64,
    /// Free seats that nobody can be given, at a checkpoint.
    pub lost_seat: u64,
    /// Conversations that wait at a checkpoint although an agent of theirs is free, or that the
    /// structure has forgotten.
    pub lost_wakeup: u64,
    /// Turns missed or taken twice beyond the threads at work, and conversations overtaken by a
    /// later one of their lane and line, where neither an operation under way explains it nor a
    /// hand-over that may have been undone.
    pub order: u64,
}

/// The accounts of all agents.
#[derive(Debug)]
pub(super) struct Books {
    accounts: Vec<Mutex<Account>>,
    unrest: Unrest,
}

#[derive(Clone, Debug, Default)]
struct Account {
    held: u32,
    cap: u8,
    /// Higher caps of before, each with the time until which it may have been seen.
    caps_before: Vec<(u64, u8)>,
    /// Since when he takes nothing.
    away_ns: Option<u64>,
    /// Groups he does not receive from, each with the time since.
    left: Vec<(GroupId, u64)>,
}

/// Changes that may undo a hand-over. Every lane looks at it all the time.
#[derive(Debug, Default)]
struct Unrest {
    under_way: AtomicU32,
    /// When the last ended; 0 before the first.
    last_ns: AtomicU64,
}

impl Violations {
    /// Each kind's name in the report, and how often.
    pub const fn each(&self) -> [(&'static str, u64); 6] {
        [
            ("cap", self.cap),
            ("pause", self.pause),
            ("double_delivery", self.double_delivery),
            ("lost_seat", self.lost_seat),
            ("lost_wakeup", self.lost_wakeup),
            ("order", self.order),
        ]
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.each().iter().map(|(_, count)| count).sum()
    }
}

impl AddAssign for Violations {
    fn add_assign(&mut self, other: Self) {
        self.cap += other.cap;
        self.pause += other.pause;
        self.double_delivery += other.double_delivery;
        self.lost_seat += other.lost_seat;
        self.lost_wakeup += other.lost_wakeup;
        self.order += other.order;
    }
}

impl Books {
    /// Caps of before that are remembered: an operation is not under way during more changes of
    /// one agent's cap.
    const CAPS_BEFORE: usize = 16;

    pub(super) fn new(plan: &Plan) -> Self {
        let account = Account { cap: plan.cap.get(), ..Account::default() };
        let accounts = plan.agents().map(|_| Mutex::new(account.clone())).collect();
        Self { accounts, unrest: Unrest::default() }
    }

    /// Enters a seat that an operation begun at `since_ns` was given, through `group` unless it
    /// was asked for by name.
    pub(super) fn take(&self, agent: UserId, group: Option<GroupId>, since_ns: u64) -> Violations {
        let Some(account) = self.account(agent) else { return Violations::default() };
        let mut account = account.lock();
        account.held += 1;
        let over = account.held > u32::from(account.cap_since(since_ns));
        let away = account.away_ns.is_some_and(|at| at < since_ns);
        let left = |(of, at): &(GroupId, u64)| Some(*of) == group && *at < since_ns;
        let away = away || account.left.iter().any(left);
        Violations { cap: u64::from(over), pause: u64::from(away), ..Violations::default() }
    }

    /// Strikes out a seat that is about to be given back.
    pub(super) fn give(&self, agent: UserId) {
        if let Some(account) = self.account(agent) {
            let mut account = account.lock();
            account.held = account.held.saturating_sub(1);
        }
    }

    /// Seats the agent has left for conversations of `group`; of his own line, without one.
    pub(super) fn free_seats(&self, agent: UserId, group: Option<GroupId>) -> u64 {
        let Some(account) = self.account(agent) else { return 0 };
        let account = account.lock();
        let left = account.left.iter().any(|(of, _)| Some(*of) == group);
        match account.away_ns {
            None if !left => u64::from(u32::from(account.cap).saturating_sub(account.held)),
            _ => 0,
        }
    }

    /// The agent is available: before the structure is told.
    pub(super) fn back(&self, agent: UserId) {
        self.change(agent, |account| account.away_ns = None);
    }

    /// The agent is not: after the structure was told.
    pub(super) fn away(&self, agent: UserId, now_ns: u64) {
        self.change(agent, |account| account.away_ns = Some(now_ns));
    }

    /// The agent receives the group's conversations again: before the structure is told.
    pub(super) fn joins(&self, agent: UserId, group: GroupId) {
        self.change(agent, |account| account.left.retain(|(of, _)| *of != group));
    }

    /// The agent does not: after the structure was told.
    pub(super) fn leaves(&self, agent: UserId, group: GroupId, now_ns: u64) {
        self.change(agent, |account| account.left.push((group, now_ns)));
    }

    /// A cap at least as high: before the structure is told.
    pub(super) fn raise(&self, agent: UserId, cap: u8) {
        self.change(agent, |account| account.cap = account.cap.max(cap));
    }

    /// A lower cap: after the structure was told.
    pub(super) fn lower(&self, agent: UserId, cap: u8, now_ns: u64) {
        self.change(agent, |account| {
            if account.caps_before.len() == Self::CAPS_BEFORE {
                account.caps_before.remove(0);
            }
            let before = account.cap;
            account.caps_before.push((now_ns, before));
            account.cap = cap;
        });
    }

    /// Tells the structure of a change that may undo a hand-over.
    pub(super) fn unrest(&self, now_ns: impl Fn() -> u64, tell: impl FnOnce()) {
        self.unrest.under_way.fetch_add(1, Ordering::AcqRel);
        tell();
        self.unrest.last_ns.fetch_max(now_ns(), Ordering::AcqRel);
        self.unrest.under_way.fetch_sub(1, Ordering::AcqRel);
    }

    /// Whether a hand-over may have been undone since.
    pub(super) fn unrest_since(&self, since_ns: u64) -> bool {
        if self.unrest.under_way.load(Ordering::Acquire) > 0 {
            return true;
        }
        let last_ns = self.unrest.last_ns.load(Ordering::Acquire);
        last_ns > 0 && last_ns >= since_ns
    }

    fn account(&self, agent: UserId) -> Option<&Mutex<Account>> {
        self.accounts.get(usize::try_from(agent.0.checked_sub(1)?).ok()?)
    }

    fn change(&self, agent: UserId, change: impl FnOnce(&mut Account)) {
        if let Some(account) = self.account(agent) {
            change(&mut account.lock());
        }
    }
}

impl Account {
    /// The highest cap an operation begun at `since_ns` may have seen.
    fn cap_since(&self, since_ns: u64) -> u8 {
        let before = self.caps_before.iter().filter(|(until, _)| *until >= since_ns);
        before.map(|(_, cap)| *cap).fold(self.cap, u8::max)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Length, Shape, StructureKind};
    use super::*;
    use model::people::{Cap, Policy};

    const AGENT: UserId = UserId(1);
    const GROUP: Option<GroupId> = Some(GroupId(1));

    impl Books {
        /// Those of one agent.
        pub(in super::super) fn small() -> Self {
            Self::new(&Plan {
                structure: StructureKind::Reference,
                policy: Policy::Circular,
                agents: 1,
                groups: 1,
                groups_per_agent: 1,
                cap: Cap::new(2).unwrap(),
                threads: 1,
                utilisation: 50,
                churn: None,
                shape: Shape::Steady,
                length: Length { operations: 1, time: std::time::Duration::MAX },
                checkpoint: 1,
                seed: 1,
            })
        }
    }

    #[test]
    fn a_seat_above_the_cap_is_caught() {
        let books = Books::small();
        let caught: Vec<u64> = (0..3).map(|_| books.take(AGENT, GROUP, 5).cap).collect();
        assert_eq!(caught, [0, 0, 1]);
        books.give(AGENT);
        books.give(AGENT);
        assert_eq!((books.take(AGENT, GROUP, 5).cap, books.free_seats(AGENT, GROUP)), (0, 0));
    }

    #[test]
    fn a_lower_cap_binds_whoever_begins_after_it() {
        let books = Books::small();
        books.take(AGENT, GROUP, 5);
        books.lower(AGENT, 1, 10);
        books.lower(AGENT, 0, 20);
        assert_eq!(books.take(AGENT, GROUP, 10).cap, 0, "begun before the first");
        books.give(AGENT);
        assert_eq!(books.take(AGENT, GROUP, 11).cap, 1, "begun between the two");
        books.raise(AGENT, 2);
        books.give(AGENT);
        assert_eq!(books.take(AGENT, GROUP, 30).cap, 0);
    }

    #[test]
    fn a_pause_and_a_lost_membership_bind_whoever_begins_after_them() {
        let books = Books::small();
        books.away(AGENT, 10);
        assert_eq!((books.take(AGENT, GROUP, 10).pause, books.free_seats(AGENT, GROUP)), (0, 0));
        assert_eq!(books.take(AGENT, GROUP, 11).pause, 1);
        books.back(AGENT);
        books.give(AGENT);
        books.leaves(AGENT, GroupId(1), 20);
        assert_eq!(books.take(AGENT, Some(GroupId(2)), 21).pause, 0);
        books.give(AGENT);
        assert_eq!(books.take(AGENT, GROUP, 21).pause, 1);
        assert_eq!((books.free_seats(AGENT, GROUP), books.free_seats(AGENT, None)), (0, 0));
        books.give(AGENT);
        assert_eq!((books.free_seats(AGENT, GROUP), books.free_seats(AGENT, None)), (0, 1));
        books.joins(AGENT, GroupId(1));
        assert_eq!(books.free_seats(AGENT, GROUP), 1);
    }

    #[test]
    fn unrest_is_seen_by_whoever_began_before_its_end() {
        let books = Books::small();
        assert!(!books.unrest_since(0));
        books.unrest(|| 10, || assert!(books.unrest_since(99)));
        assert!(books.unrest_since(10) && !books.unrest_since(11));
    }
}
