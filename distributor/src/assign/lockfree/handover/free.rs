use crate::assign::Freed;
use crate::assign::lockfree::LockFree;
use crate::assign::lockfree::line::Head;
use crate::assign::lockfree::roster::{Layout, Room};
use crate::assign::lockfree::word::{Correction, Word};
use crate::assign::shim::{Mutant, Reader, wrong};

use super::{Taken, Work};

impl LockFree {
    /// Gives a seat of an agent back: to the first of his lines, or to himself. A seat sold again
    /// never leaves his word, so no newcomer comes between.
    #[inline(always)]
    pub(in crate::assign::lockfree) fn give_back(
        &self,
        layout: &mut Reader<'_, Layout>,
        agent: u32,
        by: Correction,
    ) -> Freed {
        let mut seen = self.word(agent);
        loop {
            if !wrong(Mutant::ResellInOldLayout) {
                layout.refresh();
            }
            let saleable = seen.saleable() || wrong(Mutant::ResellUnasked);
            let sold = saleable && !self.nobody_waits_at_a_glance(layout, agent);
            let Some(head) = sold.then(|| self.first_for(layout, agent)).flatten() else {
                let new = seen.released(by);
                match self.words.at(agent as usize).change(seen.0, new.0) {
                    Ok(_) => return self.released(layout, agent, seen, new),
                    Err(now) => seen = Word(now),
                }
                continue;
            };
            match layout.lend(|layout| self.resold(layout, (agent, seen), head, by)) {
                Ok(freed) => return freed,
                Err(now) => seen = now,
            }
        }
    }

    /// Sells a seat that comes back to `head`; the agent's word as it is when it was changed.
    fn resold(
        &self,
        layout: &mut Reader<'_, Layout>,
        (agent, seen): (u32, Word),
        head: Head,
        by: Correction,
    ) -> Result<Freed, Word> {
        let charge = self.charge_of(layout, head, Some((agent, seen.corrected(by))));
        let new = seen.resold(by, charge);
        self.words.at(agent as usize).change(seen.0, new.0).map_err(Word)?;
        self.note(new);
        self.appeared(layout, agent, seen, new);
        let taken = Taken::new(agent, seen, charge);
        Ok(self.resell(layout, taken, head))
    }

    #[inline(always)]
    fn released(&self, layout: &mut Reader<'_, Layout>, agent: u32, old: Word, new: Word) -> Freed {
        if self.appeared(layout, agent, old, new) && !wrong(Mutant::ReleaseWithoutTail) {
            self.tail_of(layout, agent);
        }
        Freed::Released
    }

    /// Hands a seat that was sold again to `head`, or to the next of its agent's lines.
    fn resell(&self, layout: &mut Reader<'_, Layout>, taken: Taken, head: Head) -> Freed {
        let mut next = Some(head);
        while let Some(head) = next {
            if self.hand(&head, taken) {
                return Freed::HandedOver;
            }
            if wrong(Mutant::LostHeadDropsSeat) {
                return Freed::HandedOver;
            }
            layout.refresh();
            next = self.first_for(layout, taken.agent());
        }
        if self.vacate(layout, taken.agent(), taken.charge()) {
            self.tail_of(layout, taken.agent());
        }
        Freed::Released
    }

    /// The first conversation of the lines an agent serves: his own line before his groups, then
    /// the least key.
    fn first_for(&self, layout: &Layout, agent: u32) -> Option<Head> {
        let own = Room::own(agent);
        let own = if self.lines.is_empty(own) { None } else { self.lines.head(own) };
        if own.is_some() {
            return own;
        }
        let mut first: Option<Head> = None;
        for stand in layout.stands(agent) {
            let Some(head) = self.lines.head(self.room.queue(stand.group())) else { continue };
            if first.is_none_or(|first| head.order() < first.order()) {
                first = Some(head);
            }
        }
        first
    }

    /// Gives back a seat the log never showed, and looks at the lines this owes, and at `also`.
    pub(in crate::assign::lockfree) fn undo_seat(
        &self,
        layout: &mut Reader<'_, Layout>,
        agent: u32,
        charge: u8,
        also: Option<super::super::slot::LineId>,
    ) {
        let mut work = Work::new();
        if let Some(line) = also {
            work.add(line);
        }
        if self.vacate(layout, agent, charge) {
            self.owe(layout, agent, &mut work);
            if wrong(Mutant::UndoForgetsOwn) {
                work.remove(Room::own(agent));
            }
        }
        self.tail(layout, work);
    }
}
