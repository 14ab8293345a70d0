use model::desk::Why;
use model::id::LaneId;

use crate::assign::lockfree::LockFree;
use crate::assign::lockfree::slot::{Assigned, State};
use crate::assign::lockfree::word::Correction;
use crate::assign::shim::{Mutant, wrong};
use crate::assign::{Cancelled, Confirmed, Seat, Slot};

impl LockFree {
    /// Ends the hand-overs of a lane, until one is confirmed. It answers none only after a round
    /// that found nothing, all of it after the lane asked to be rung.
    pub(in crate::assign::lockfree) fn take_next(&self, lane: LaneId) -> Option<Confirmed> {
        let ready = self.ready_of(lane);
        let mut asked = false;
        let mut whole = ready.begins();
        loop {
            let Some(index) = ready.next() else {
                if asked {
                    return None;
                }
                // The rest of a round says little: only who found nothing in a whole one rests.
                if !std::mem::replace(&mut whole, true) {
                    continue;
                }
                ready.ask();
                if wrong(Mutant::RestWithoutLook) {
                    return None;
                }
                asked = true;
                continue;
            };
            (asked, whole) = (false, false);
            let slot = Slot { lane, index };
            if let Some(seat) = self.take(slot) {
                return Some(Confirmed { slot, seat });
            }
        }
    }

    /// Whether a lane was rung.
    #[cfg(all(test, chasqui_loom))]
    pub(in crate::assign) fn is_rung(&self, lane: LaneId) -> bool {
        self.ready_of(lane).rung.swap(0) == 1
    }

    /// Owner: ends a slot's hand-over, if there is one: by a seat when its agent is still the one
    /// the seat was taken from, or else by putting everything back.
    fn take(&self, slot: Slot) -> Option<Seat> {
        let State::Assigned(to) = self.lines.word(slot).state() else { return None };
        let word = self.word(to.agent);
        if word.generation() != to.generation && !is_unguarded() {
            self.undo(slot, to);
            return None;
        }
        let home = self.end(slot);
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
        if self.leave(slot) {
            return Cancelled::Cancelled;
        }
        let State::Assigned(to) = self.lines.word(slot).state() else {
            return Cancelled::NotWaiting;
        };
        self.end(slot);
        if !wrong(Mutant::CancelDropsSeat) {
            self.give_back(&mut self.layout.read(), to.agent, Correction::unseen(to.charge));
        }
        Cancelled::Freed
    }
}

/// Whether the code is wrong at the compare of generations: for models, or in a simulation.
fn is_unguarded() -> bool {
    use model::mutant;
    wrong(Mutant::ConfirmUnseen) || mutant::wrong(mutant::Mutant::HandOverUnguarded)
}
