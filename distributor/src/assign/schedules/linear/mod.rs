//! What two threads did and got, put in order: is there a sequence of the same calls, each
//! between its beginning and its end, in which every answer is one the policies allow?
//!
//! Asked strictly, and with what the core promises when calls overlap: a choice may pass agents
//! that an overlapping call is changing; an arrival may take the turn of such an agent before it has
//! his seat, or finds that he has none; and no more conversations are overtaken than calls overlap.
//! Strict violations are counted, they are no fault; the others must not be.
//!
//! The search is that of Wing and Gong ("Testing and Verifying Concurrent Objects", 1993). What
//! waits is never cancelled here: an agent who is handed to it unseen could not be named.

mod spec;
mod search;

use std::cell::Cell;
use std::sync::Arc;

use model::id::{GroupId, LaneId, UserId};
use model::people::{Policy, Presence};
use parking_lot::Mutex;

use super::desk::{Agent, Desk, House};
use super::{Dice, Mutant, first_failure, hold, turn};
use crate::assign::{Arrival, Assign, Seat, Slot, Ticket};
use search::linearizes;
use spec::{Call, State};

/// Those who may have a seat: at both ends of the first words of the bits, and far apart.
const AGENTS: [u32; 5] = [1, 64, 65, 131, 192];
/// Calls of each thread.
const CALLS: u32 = 7;
/// A conversation's service time in seconds: one unit, which is also what it is charged.
const HANDLED_S: u64 = 16;

/// A call and when it began and ended, by a clock that counts both.
#[derive(Clone, Copy, Debug)]
struct Entry {
    call: Call,
    began: u32,
    ended: u32,
}

#[derive(Default)]
struct History(Mutex<(u32, Vec<Entry>)>);

/// Histories, and how many were not in any order that is allowed.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    histories: u32,
    strict: u32,
    relaxed: u32,
}

thread_local! {
    static COUNTS: Cell<[Counts; Policy::ALL.len()]> = const {
        Cell::new([Counts { histories: 0, strict: 0, relaxed: 0 }; Policy::ALL.len()])
    };
}

impl History {
    fn tick(&self) -> u32 {
        let clock = &mut self.0.lock().0;
        *clock += 1;
        *clock
    }

    /// Notes a call; `run` makes it and answers with what it was and got.
    fn note<T>(&self, run: impl FnOnce() -> (Call, T)) -> T {
        let began = self.tick();
        let (call, answer) = run();
        let ended = self.tick();
        self.0.lock().1.push(Entry { call, began, ended });
        answer
    }
}

/// What one thread has: two slots, each free, waiting or with a seat.
struct Caller {
    lane: LaneId,
    dice: Dice,
    slots: [Holds; 2],
}

enum Holds {
    Nothing,
    Waiting,
    Seat(Ticket),
}

impl Caller {
    fn work(&mut self, desk: &Desk, history: &History) {
        for _ in 0..CALLS {
            let at = self.dice.below(2) as usize;
            if self.lane == LaneId::FIRST && self.dice.one_in(3) {
                self.manage(desk, history);
            } else if matches!(self.slots[at], Holds::Waiting) || self.dice.one_in(6) {
                self.take_ready(desk, history);
            } else if let Holds::Seat(_) = self.slots[at] {
                self.free(desk, history, at);
            } else {
                self.arrive(desk, history, at);
            }
        }
    }

    fn manage(&mut self, desk: &Desk, history: &History) {
        let user = UserId(self.dice.pick(&AGENTS));
        let presence = self.dice.pick(&[Presence::Paused, Presence::Available]);
        history.note(|| {
            desk.core.presence(user, presence);
            (Call::Appeared { user, there: presence == Presence::Available }, ())
        });
    }

    fn arrive(&mut self, desk: &Desk, history: &History, at: usize) {
        let (slot, key) = (self.slot(at), i64::from(self.dice.below(3)));
        self.slots[at] = history.note(|| match desk.core.arrive(GroupId(1), slot, key) {
            Arrival::Seated(seat) => {
                let by = Some(seat.ticket.agent());
                (Call::Arrived { slot, key, by }, Holds::of(seat))
            }
            Arrival::Waiting => (Call::Arrived { slot, key, by: None }, Holds::Waiting),
        });
    }

    fn free(&mut self, desk: &Desk, history: &History, at: usize) {
        let Holds::Seat(ticket) = std::mem::replace(&mut self.slots[at], Holds::Nothing) else {
            return;
        };
        history.note(|| {
            let user = ticket.agent();
            desk.core.free(ticket, std::time::Duration::from_secs(HANDLED_S));
            (Call::Freed(user), ())
        });
    }

    fn take_ready(&mut self, desk: &Desk, history: &History) {
        let lane = self.lane;
        let confirmed = history.note(|| {
            let confirmed = desk.core.ready(lane);
            let got = confirmed.as_ref().map(|c| (c.slot, c.seat.ticket.agent()));
            (Call::Ready { lane, got }, confirmed)
        });
        if let Some(confirmed) = confirmed {
            self.slots[confirmed.slot.index as usize - 1] = Holds::of(confirmed.seat);
        }
    }

    /// Slots whose number brings on no mean: each charge is one unit.
    fn slot(&self, at: usize) -> Slot {
        Slot { lane: self.lane, index: at as u32 + 1 }
    }
}

impl Holds {
    fn of(seat: Seat) -> Self {
        assert_eq!(seat.charge, 1, "the least charge");
        Self::Seat(seat.ticket)
    }
}

/// The house of a number: its policy, who is there, and the state that stands for it.
fn house(number: u64, dice: &mut Dice) -> (Desk, State) {
    let policy = Policy::ALL[number as usize % Policy::ALL.len()];
    let idle = Agent {
        presence: Presence::Available,
        cap: 0,
        rank: 0,
        groups: 1,
        changes: 0,
        generation: 0,
    };
    let mut agents = vec![idle; AGENTS[4] as usize];
    for id in AGENTS {
        let there = dice.pick(&[Presence::Available, Presence::Available, Presence::Paused]);
        let rank = dice.below(2) as u16;
        agents[id as usize - 1] = Agent { presence: there, cap: 1, rank, ..idle };
    }
    let state = State::new(policy, AGENTS.map(|id| (id, agents[id as usize - 1])));
    let house = House { idle: 0, agents: 0, lanes: 2, stride: 1 };
    let others = [policy, Policy::Circular, Policy::Circular];
    (Desk::of(house, others, agents, number), state)
}

/// A history of two threads, looked at both ways.
fn observe(number: u64) {
    let mut dice = Dice::new(number);
    let (desk, start) = house(number, &mut dice);
    let (desk, history) = (Arc::new(desk), Arc::new(History::default()));
    turn::take_turns(true);
    let callers = [0, 1].map(|lane: u8| {
        let (desk, history) = (desk.clone(), history.clone());
        let dice = Dice::new(number ^ u64::from(lane + 1) << 56);
        let lane = LaneId::new(lane).unwrap();
        let mut caller = Caller { lane, dice, slots: [Holds::Nothing, Holds::Nothing] };
        shuttle::thread::spawn(move || caller.work(&desk, &history))
    });
    callers.into_iter().for_each(|caller| caller.join().unwrap());
    turn::take_turns(false);
    let entries = std::mem::take(&mut history.0.lock().1);
    let mut counts = COUNTS.get();
    let of_policy = &mut counts[number as usize % Policy::ALL.len()];
    of_policy.histories += 1;
    if !linearizes(&entries, &start, false) {
        of_policy.strict += 1;
        let relaxed = linearizes(&entries, &start, true);
        of_policy.relaxed += u32::from(!relaxed);
        COUNTS.set(counts);
        assert!(relaxed, "not in any order from {start:?}: {entries:#?}");
    }
    COUNTS.set(counts);
}

#[test]
fn every_history_has_an_order_that_the_policies_allow_but_for_what_overlaps() {
    hold("histories", 10_000, observe);
    for (policy, counts) in Policy::ALL.iter().zip(COUNTS.get()) {
        let Counts { histories, strict, relaxed } = counts;
        let name = policy.name();
        println!(
            "order {name}: {histories} histories, violations strict {strict}, relaxed {relaxed}"
        );
    }
}

#[test]
fn an_agent_who_is_lost_is_missed_in_every_order() {
    let met = first_failure(Some(Mutant::ClearWithoutLook), 0..20_000, observe);
    println!("mutant ClearWithoutLook: history {met:?} has no order");
    assert!(met.is_some());
}
