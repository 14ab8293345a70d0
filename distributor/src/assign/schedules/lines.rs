//! The lists alone: their owner, two who hand out what waits, and what each finds.

use std::sync::Arc;

use model::id::LaneId;
use parking_lot::Mutex;

use super::{Dice, hold, turn};
use crate::assign::Slot;
use crate::assign::lockfree::line::{Head, Lines};
use crate::assign::lockfree::slot::{Assigned, LineId, SlotWord, State};

const SLOTS: u32 = 4;
const LINES: u32 = 2;
const STEPS: u32 = 10;

/// Lists, and what their users know of each slot.
struct Room {
    lines: Lines,
    known: Mutex<[Known; SLOTS as usize]>,
}

/// What waits in a slot, and in which line, while nobody is changing it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Known {
    waits: Option<(LineId, i64)>,
    changing: u32,
    changes: u32,
}

impl Room {
    /// Changes a slot, and notes what came of it.
    fn change(&self, slot: Slot, change: impl FnOnce()) {
        {
            let known = &mut self.known.lock()[slot.index as usize];
            known.changing += 1;
            known.changes += 1;
        }
        change();
        turn::take_turns(false);
        let known = &mut self.known.lock()[slot.index as usize];
        known.changing -= 1;
        known.waits = match self.lines.word(slot).state() {
            State::Waiting { line } => Some((line, self.lines.key(slot))),
            State::Free | State::Assigned(_) => None,
        };
        turn::take_turns(true);
    }

    /// Looks for the first of a line. What waited there all the while is not passed, unless by one
    /// that changed since it was found: nobody can hand a seat to that.
    fn head(&self, line: LineId) -> Option<Head> {
        let before = *self.known.lock();
        let head = self.lines.head(line);
        turn::take_turns(false);
        let after = *self.known.lock();
        let is_void = head.is_some_and(|head| self.lines.word(head.slot) != head.word);
        turn::take_turns(true);
        let found = head.map(|head| (head.key, head.slot));
        for (at, known) in (0..).zip(before) {
            let stays = known == after[at as usize] && known.changing == 0 && !is_void;
            let Some((_, key)) = known.waits.filter(|(of, _)| *of == line && stays) else {
                continue;
            };
            let order = (key, slot(at));
            assert!(found.is_some_and(|found| found <= order), "{found:?} passed {order:?}");
            let itself = found.filter(|found| found.1 == order.1);
            assert!(itself.is_none_or(|found| found == order), "{found:?} is {order:?}");
        }
        head
    }

    fn own(&self, dice: &mut Dice) {
        let slot = slot(dice.below(SLOTS));
        let (line, key) = (LineId(dice.below(LINES)), i64::from(dice.below(5)));
        match self.lines.word(slot).state() {
            State::Free => self.change(slot, || self.lines.push(slot, key, line, 0)),
            State::Waiting { .. } => self.change(slot, || _ = self.lines.withdraw(slot)),
            State::Assigned(_) if dice.one_in(3) => {
                self.change(slot, || self.lines.put_back(slot));
            }
            State::Assigned(_) => self.change(slot, || _ = self.lines.finish(slot)),
        }
    }

    fn hand_out(&self, line: LineId) {
        let Some(Head { slot, word, .. }) = self.head(line) else { return };
        let to: SlotWord = word.assigned(Assigned { agent: 0, generation: 0, charge: 0 });
        self.change(slot, || _ = self.lines.change(slot, word, to));
    }
}

fn slot(index: u32) -> Slot {
    Slot { lane: LaneId::FIRST, index }
}

pub(super) fn lines(number: u64) {
    let known = Mutex::default();
    let room = Arc::new(Room { lines: Lines::new(1, SLOTS as usize, LINES as usize), known });
    turn::take_turns(true);
    let threads = (0..3_u64).map(|thread| {
        let room = room.clone();
        let mut dice = Dice::new(number ^ (thread + 1) << 56);
        shuttle::thread::spawn(move || {
            for _ in 0..STEPS {
                match thread {
                    0 => room.own(&mut dice),
                    _ => room.hand_out(LineId(dice.below(LINES))),
                }
            }
        })
    });
    threads.collect::<Vec<_>>().into_iter().for_each(|thread| thread.join().unwrap());
    (0..LINES).for_each(|line| _ = room.head(LineId(line)));
    turn::take_turns(false);
}

#[test]
fn who_waits_is_found_in_his_place() {
    hold("lines", 60_000, lines);
}
