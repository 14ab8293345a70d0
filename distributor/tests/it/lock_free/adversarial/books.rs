//! What each agent holds and whether he is there, by what the test itself did and was given.

use std::ops::AddAssign;
use std::time::Instant;

use model::id::UserId;
use parking_lot::Mutex;

/// What the core was caught at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Caught {
    /// Seats above a cap.
    pub(super) cap: u32,
    /// Seats of whoever had been paused or gone before the call began.
    pub(super) pause: u32,
    /// Seats for conversations that did not wait, and waiting ones that are unknown.
    pub(super) delivery: u32,
    /// Free seats that are not there.
    pub(super) seats: u32,
    /// Conversations that wait at rest beside a free agent.
    pub(super) wake_up: u32,
    /// Rests at which the core's own audit found something.
    pub(super) audit: u32,
}

/// The accounts of agents 1, 2, …, each of cap 1 or 0.
pub(super) struct Books {
    start: Instant,
    accounts: Vec<Mutex<Account>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Account {
    cap: u32,
    held: u32,
    away_ns: Option<u128>,
}

impl Books {
    #[expect(clippy::disallowed_methods, reason = "tells what ended before what began")]
    pub(super) fn new(caps: impl Iterator<Item = u8>) -> Self {
        let account = |cap| Account { cap: u32::from(cap), ..Account::default() };
        Self { start: Instant::now(), accounts: caps.map(|cap| Mutex::new(account(cap))).collect() }
    }

    /// The time, for a call about to be made.
    pub(super) fn now_ns(&self) -> u128 {
        self.start.elapsed().as_nanos()
    }

    /// A call begun at `since_ns` gave a seat.
    pub(super) fn take(&self, agent: UserId, since_ns: u128) -> Caught {
        let mut account = self.account(agent).lock();
        account.held += 1;
        let pause = account.away_ns.is_some_and(|at_ns| at_ns < since_ns);
        let cap = account.held > account.cap;
        Caught { cap: u32::from(cap), pause: u32::from(pause), ..Caught::default() }
    }

    /// A seat is about to be given back.
    pub(super) fn give(&self, agent: UserId) {
        self.account(agent).lock().held -= 1;
    }

    /// The core was told that the agent is not available.
    pub(super) fn away(&self, agent: UserId) {
        let now_ns = self.now_ns();
        self.account(agent).lock().away_ns = Some(now_ns);
    }

    /// The core will be told that he is.
    pub(super) fn back(&self, agent: UserId) {
        self.account(agent).lock().away_ns = None;
    }

    pub(super) fn is_away(&self, agent: UserId) -> bool {
        self.account(agent).lock().away_ns.is_some()
    }

    /// Whether the agent can take one more.
    pub(super) fn is_free(&self, agent: UserId) -> bool {
        let account = self.account(agent).lock();
        account.away_ns.is_none() && account.held < account.cap
    }

    fn account(&self, agent: UserId) -> &Mutex<Account> {
        &self.accounts[agent.0 as usize - 1]
    }
}

impl AddAssign for Caught {
    fn add_assign(&mut self, other: Self) {
        self.cap += other.cap;
        self.pause += other.pause;
        self.delivery += other.delivery;
        self.seats += other.seats;
        self.wake_up += other.wake_up;
        self.audit += other.audit;
    }
}
