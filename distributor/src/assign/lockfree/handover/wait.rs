use model::desk::Why;
use model::id::{GroupId, UserId};

use crate::assign::lockfree::LockFree;
use crate::assign::lockfree::roster::{Layout, Room};
use crate::assign::lockfree::slot::{LineId, State};
use crate::assign::lockfree::word::{Status, Word};
use crate::assign::shim::{Mutant, Reader, wrong};
use crate::assign::{Arrival, Requeued, Seat, SeatKind, SeatOutcome, Slot};

use super::Taken;

impl LockFree {
    /// A conversation comes to a group; see [`crate::assign::Assign::arrive`].
    #[inline(always)]
    pub(in crate::assign::lockfree) fn come(&self, id: GroupId, slot: Slot, key: i64) -> Arrival {
        let mut layout = self.layout.read();
        let group = match layout.group_named(id) {
            Some(group) => group,
            None => self.learn_group(id),
        };
        let line = self.room.queue(group);
        let first = self.lines.is_empty(line)
            || !self.nobody_serves(&layout, line) && self.lines.head(line).is_none();
        if first {
            let picked = self.pick(&mut layout, group, Some(slot.lane));
            if picked.taken.is_some() && picked.repaired {
                layout.lend(|layout| self.tail_of_line(layout, line));
            }
            let seat = picked.taken.and_then(|taken| {
                let policy = layout.group(group)?.policy;
                let why = Why::Policy { policy, key: taken.key() };
                self.seat_of(&layout, taken, id, why)
            });
            if let Some(seat) = seat {
                return Arrival::Seated(seat);
            }
        }
        layout.lend(|layout| self.enter(layout, slot, key, (line, group)));
        Arrival::Waiting
    }

    /// A conversation asks for one agent; see [`crate::assign::Assign::seat`].
    pub(in crate::assign::lockfree) fn call(
        &self,
        user: UserId,
        slot: Slot,
        key: i64,
        kind: SeatKind,
    ) -> SeatOutcome {
        let state = self.lines.word(slot).state();
        if matches!(state, State::Assigned(_)) {
            return SeatOutcome::HandedOver;
        }
        let mut layout = self.layout.read();
        let Some(agent) = layout.agent_named(user) else { return SeatOutcome::NotAvailable };
        let home = || layout.agent(agent)?.home();
        let group = match state {
            State::Waiting { .. } => Some(self.lines.home(slot).group),
            _ => home(),
        };
        // A group without room has no name to be assigned through.
        let named = group.and_then(|number| Some((number, layout.group(number)?)));
        let Some((group, known)) = named else { return SeatOutcome::NotAvailable };
        let id = known.id;
        let transfer = matches!(kind, SeatKind::Transfer { .. });
        let paused_ok = kind == SeatKind::Transfer { paused_ok: true };
        let eligible = |word: Word| match paused_ok {
            true => word.eligible_paused(),
            false => word.eligible(),
        };
        let own = Room::own(agent);
        let charge = self.charge(known, slot.index, None);
        let free = transfer || self.lines.head(own).is_none();
        match if free { self.reserve(agent, charge, eligible) } else { Err(self.word(agent)) } {
            Ok(taken) => self.seat_called(&mut layout, taken, slot, (id, kind)),
            Err(word) => match word.status() {
                Status::Online | Status::Paused if kind == SeatKind::Back => {
                    self.wait_for(&mut layout, slot, key, (own, group))
                }
                Status::Online => SeatOutcome::AgentFull,
                Status::Paused if paused_ok => SeatOutcome::AgentFull,
                _ => SeatOutcome::NotAvailable,
            },
        }
    }

    /// Moves a waiting conversation; see [`crate::assign::Assign::requeue`].
    pub(in crate::assign::lockfree) fn move_to(
        &self,
        slot: Slot,
        group: GroupId,
        key: i64,
    ) -> Requeued {
        if !self.leave_line(slot) {
            return Requeued::HandedOver;
        }
        match crate::assign::Assign::arrive(self, group, slot, key) {
            Arrival::Seated(seat) => Requeued::Seated(seat),
            Arrival::Waiting => Requeued::Waiting,
        }
    }

    /// Begins to wait, then looks for an agent once more: one who became free in between has
    /// looked at the line already, or will be found.
    fn enter(
        &self,
        layout: &mut Reader<'_, Layout>,
        slot: Slot,
        key: i64,
        (line, group): (LineId, u32),
    ) {
        let state = self.lines.word(slot).state();
        assert!(state == State::Free, "C4: a conversation waits twice in {slot:?}");
        self.lines.push(slot, key, line, group);
        self.came(slot, line);
        if !wrong(Mutant::EnterWithoutTail) {
            self.tail_of_line(layout, line);
        }
    }

    fn wait_for(
        &self,
        layout: &mut Reader<'_, Layout>,
        slot: Slot,
        key: i64,
        own: (LineId, u32),
    ) -> SeatOutcome {
        if !self.leave_line(slot) {
            return SeatOutcome::HandedOver;
        }
        self.enter(layout, slot, key, own);
        SeatOutcome::Waiting
    }

    /// The seat of an agent asked for: the conversation leaves its line for it, unless another
    /// seat was handed to it meanwhile; then this one goes back.
    fn seat_called(
        &self,
        layout: &mut Reader<'_, Layout>,
        taken: Taken,
        slot: Slot,
        (group, kind): (GroupId, SeatKind),
    ) -> SeatOutcome {
        let left = self.leave_line(slot);
        match left.then(|| self.seat_of(layout, taken, group, kind.why())).flatten() {
            Some(seat) => SeatOutcome::Seated(seat),
            None if wrong(Mutant::LostSeatIsKept) => SeatOutcome::HandedOver,
            None => {
                self.undo_seat(layout, taken.agent(), taken.charge(), None);
                SeatOutcome::HandedOver
            }
        }
    }

    /// Owner: takes a conversation out of its line, if it waits; false when a seat was handed to
    /// it.
    fn leave_line(&self, slot: Slot) -> bool {
        self.leave(slot) || self.lines.word(slot).state() == State::Free
    }

    #[inline(always)]
    fn seat_of(&self, layout: &Layout, taken: Taken, group: GroupId, why: Why) -> Option<Seat> {
        Some(Seat {
            ticket: self.mint(layout, taken.agent(), taken.charge())?,
            group,
            cap: taken.word.cap(),
            gen_at_seat: taken.word.generation(),
            charge: taken.charge(),
            why,
        })
    }
}
