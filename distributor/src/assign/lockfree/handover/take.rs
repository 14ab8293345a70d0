use model::desk::Why;
use model::id::LaneId;

use crate::assign::lockfree::LockFree;
use crate::assign::lockfree::index::{Bitmap, LEAF, SUMMARY};
use crate::assign::lockfree::slot::{Assigned, State};
use crate::assign::lockfree::word::Correction;
use crate::assign::shim::{Figure, Mutant, wrong};
use crate::assign::{Cancelled, Confirmed, Seat, Slot};

/// The bits of a lane's hand-overs, and those its owner has taken and not looked at yet.
#[derive(Debug)]
pub(in crate::assign::lockfree) struct Ready {
    bits: Bitmap,
    /// By level: the word taken, and the bits of it that are left. The owner's alone.
    taken: Box<[(Figure, Figure)]>,
}

impl Ready {
    pub(in crate::assign::lockfree) fn new(slots: usize) -> Self {
        let bits = Bitmap::new(slots);
        let taken = (0..bits.heights()).map(|_| (Figure::new(u64::MAX), Figure::new(0))).collect();
        Self { bits, taken }
    }

    /// Any thread: a slot may have been assigned. The owner takes the bits from the top, so each
    /// level is written, whatever it holds: a bit above that another thread left half-way is not
    /// to be waited for.
    pub(in crate::assign::lockfree) fn signal(&self, slot: usize) {
        self.bits.signal(slot);
    }

    /// Owner: the next slot to look at. A word is taken whole before its slots are looked at.
    fn next(&self) -> Option<u32> {
        if wrong(Mutant::LookBeforeClear) {
            return self.bits.next(0).and_then(|slot| u32::try_from(slot).ok());
        }
        let mut level = 0_usize;
        loop {
            let (word, left) = self.taken.get(level)?;
            let bits = left.get();
            if bits != 0 {
                left.set(bits & (bits - 1));
                let width = if level == 0 { LEAF } else { SUMMARY } as u64;
                let number = word.get() * width + u64::from(bits.trailing_zeros());
                let Some(below) = level.checked_sub(1) else { return u32::try_from(number).ok() };
                self.take(below, number);
                level = below;
            } else if level + 1 < self.taken.len() {
                level += 1;
            } else if !self.take_top(level, word.get()) {
                return None;
            }
        }
    }

    /// Takes the next word of the top level; false after the last, and the next call begins anew.
    fn take_top(&self, level: usize, last: u64) -> bool {
        let words = self.bits.words_of(level) as u64;
        let first = if self.begun(level) { last + 1 } else { 0 };
        for word in first..words {
            if self.take(level, word) {
                return true;
            }
        }
        if let Some((word, _)) = self.taken.get(level) {
            word.set(u64::MAX);
        }
        false
    }

    fn begun(&self, level: usize) -> bool {
        self.taken.get(level).is_some_and(|(word, _)| word.get() != u64::MAX)
    }

    fn take(&self, level: usize, number: u64) -> bool {
        let taken = self.bits.take(level, number as usize);
        if let Some((word, left)) = self.taken.get(level) {
            word.set(number);
            left.set(taken);
        }
        taken != 0
    }
}

impl LockFree {
    /// Ends the hand-overs of a lane, until one is confirmed. An undo may hand over within the same
    /// lane, so it answers none only after a round that found nothing.
    pub(in crate::assign::lockfree) fn take_next(&self, lane: LaneId) -> Option<Confirmed> {
        let ready = self.ready_of(lane);
        let mut clean = false;
        loop {
            let Some(index) = ready.next() else {
                if clean {
                    return None;
                }
                clean = true;
                continue;
            };
            clean = false;
            let slot = Slot { lane, index };
            let seat = self.take(slot);
            if wrong(Mutant::LookBeforeClear) {
                ready.bits.clear(index as usize);
            }
            if let Some(seat) = seat {
                return Some(Confirmed { slot, seat });
            }
        }
    }

    /// Owner: ends a slot's hand-over, if there is one: by a seat when its agent is still the one
    /// the seat was taken from, or else by putting everything back.
    fn take(&self, slot: Slot) -> Option<Seat> {
        let State::Assigned(to) = self.lines.word(slot).state() else { return None };
        let word = self.word(to.agent);
        if word.generation() != to.generation && !wrong(Mutant::ConfirmUnseen) {
            self.undo(slot, to);
            return None;
        }
        let home = self.lines.home(slot);
        self.lines.finish(slot);
        let layout = self.layout.read();
        Some(Seat {
            ticket: self.mint(&layout, to.agent, to.charge)?,
            group: layout.group(home.group).map(|group| group.id)?,
            cap: word.cap(),
            gen_at_seat: to.generation,
            charge: to.charge,
            why: Why::FreedSeat,
        })
    }

    /// The conversation waits again where it still stands; then the seat goes back; then the lines
    /// of both are looked at. The conversation's own is not implied: an agent who left serves none
    /// any more, yet another may be free.
    fn undo(&self, slot: Slot, to: Assigned) {
        let late = wrong(Mutant::SeatBeforeLine);
        if !late {
            self.lines.put_back(slot);
        }
        let line = self.lines.home(slot).line;
        self.undo_seat(
            &mut self.layout.read(),
            to.agent,
            to.charge,
            (!wrong(Mutant::UndoForgetsLine)).then_some(line),
        );
        if late {
            self.lines.put_back(slot);
        }
    }

    /// Owner: a conversation that ends leaves its line, or gives up the seat handed to it.
    pub(in crate::assign::lockfree) fn withdraw(&self, slot: Slot) -> Cancelled {
        if self.lines.withdraw(slot) {
            return Cancelled::Cancelled;
        }
        let State::Assigned(to) = self.lines.word(slot).state() else {
            return Cancelled::NotWaiting;
        };
        self.lines.finish(slot);
        if !wrong(Mutant::CancelDropsSeat) {
            self.give_back(&mut self.layout.read(), to.agent, Correction::unseen(to.charge));
        }
        Cancelled::Freed
    }
}
