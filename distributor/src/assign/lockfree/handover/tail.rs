use crate::assign::lockfree::LockFree;
use crate::assign::lockfree::line::Head;
use crate::assign::lockfree::roster::{Layout, Room};
use crate::assign::lockfree::slot::{Assigned, LineId, State};
use crate::assign::lockfree::word::Word;
use crate::assign::shim::{Mutant, Reader, full_fence, wrong};

use super::Taken;

/// Lines that are owed a look. It holds those of two agents with as many groups as there may be;
/// should it ever be asked for more, every line of the shard is looked at instead.
pub(in crate::assign::lockfree) struct Work {
    lines: [LineId; Work::ROOM],
    count: usize,
    all: bool,
}

impl Work {
    const ROOM: usize = 2 * (model::limit::GROUPS_PER_AGENT + 1);

    pub(in crate::assign::lockfree) const fn new() -> Self {
        Self { lines: [LineId(0); Self::ROOM], count: 0, all: false }
    }

    pub(in crate::assign::lockfree) fn of(line: LineId) -> Self {
        let mut work = Self::new();
        work.add(line);
        work
    }

    pub(in crate::assign::lockfree) fn add(&mut self, line: LineId) {
        if self.lines().contains(&line) {
            return;
        }
        match self.lines.get_mut(self.count) {
            Some(free) => {
                *free = line;
                self.count += 1;
            }
            None => self.all = true,
        }
    }

    fn lines(&self) -> &[LineId] {
        self.lines.get(..self.count).unwrap_or_default()
    }

    pub(super) fn remove(&mut self, line: LineId) {
        let Some(at) = self.lines().iter().position(|other| *other == line) else { return };
        self.count -= 1;
        self.lines.swap(at, self.count);
    }
}

/// What came of a try to find an agent for the head of a line.
enum Served {
    /// It has one, or is to be tried again.
    Again,
    /// The seat found nobody any more: the lines of this agent are owed a look too.
    Owes(u32),
    Nobody,
}

impl LockFree {
    /// Offers what waits in a line to whoever is eligible.
    pub(in crate::assign::lockfree) fn tail_of_line(
        &self,
        layout: &mut Reader<'_, Layout>,
        line: LineId,
    ) {
        loop {
            if !wrong(Mutant::TailWithoutFence) {
                full_fence();
            }
            layout.refresh();
            if self.nobody_serves(layout, line) {
                return;
            }
            let found = self.lines.head(line);
            let Some(head) = &found else { return };
            match self.serve(layout, line, head) {
                Served::Again => {}
                Served::Nobody => return,
                Served::Owes(agent) => {
                    let mut work = Work::of(line);
                    self.owe(layout, agent, &mut work);
                    return self.tail(layout, work);
                }
            }
        }
    }

    /// Whether a group's bits say at a glance that a search would find nobody: nearly always so
    /// where conversations wait.
    #[inline(always)]
    pub(super) fn nobody_serves(&self, layout: &Layout, line: LineId) -> bool {
        let group = self.room.whose(line).err().and_then(|number| layout.group(number));
        group.is_some_and(|group| self.latest(group).is_none() && group.eligible.is_empty())
    }

    /// Offers what waits in the owed lines to whoever is eligible, the first of all lines first,
    /// until nobody is or none is left.
    pub(in crate::assign::lockfree) fn tail(
        &self,
        layout: &mut Reader<'_, Layout>,
        mut work: Work,
    ) {
        self.settle(layout, &mut work);
        while std::mem::take(&mut work.all) {
            self.every_line(|line| {
                work.add(line);
                self.settle(layout, &mut work);
            });
        }
    }

    /// Looks at every line in which somebody waits, the first of all lines first. It allocates:
    /// for edits and restarts.
    pub(in crate::assign::lockfree) fn tail_of_all(&self) {
        let mut waiting = std::collections::BTreeSet::new();
        full_fence();
        let queue = |line: LineId, head: Head| (self.room.whose(line).is_err(), head.order(), line);
        self.every_line(|line| {
            if wrong(Mutant::EditForgetsOwn) && self.room.whose(line).is_ok() {
                return;
            }
            waiting.extend(self.lines.head(line).map(|head| queue(line, head)));
        });
        let mut layout = self.layout.read();
        let mut owed = Work::new();
        while let Some((_, order, line)) = waiting.pop_first() {
            full_fence();
            layout.refresh();
            let Some(head) = self.lines.head(line) else { continue };
            if head.order() == order {
                match self.serve(&mut layout, line, &head) {
                    Served::Again => {}
                    Served::Owes(agent) => self.owe(&layout, agent, &mut owed),
                    Served::Nobody => continue,
                }
            }
            waiting.extend(self.lines.head(line).map(|head| queue(line, head)));
        }
        self.tail(&mut layout, owed);
    }

    /// Adds the lines an agent serves.
    pub(in crate::assign::lockfree) fn owe(&self, layout: &Layout, agent: u32, work: &mut Work) {
        work.add(Room::own(agent));
        for stand in layout.stands(agent) {
            work.add(self.room.queue(stand.group()));
        }
    }

    /// Looks at the lines an agent serves who became eligible.
    #[inline(always)]
    pub(in crate::assign::lockfree) fn tail_of(&self, layout: &mut Reader<'_, Layout>, agent: u32) {
        if !wrong(Mutant::TailWithoutFence) {
            full_fence();
        }
        layout.refresh();
        if !self.nobody_waits(layout, agent) {
            layout.lend(|layout| self.tail_of_all_his(layout, agent));
        }
    }

    #[cold]
    fn tail_of_all_his(&self, layout: &mut Reader<'_, Layout>, agent: u32) {
        let mut work = Work::new();
        self.owe(layout, agent, &mut work);
        if wrong(Mutant::TailForgetsOwn) {
            work.remove(Room::own(agent));
        }
        self.tail(layout, work);
    }

    /// Whether no line an agent serves has anybody in it.
    #[inline(always)]
    pub(super) fn nobody_waits(&self, layout: &Layout, agent: u32) -> bool {
        self.lines.are_all_empty() || self.nobody_waits_for(layout, agent)
    }

    /// The same before a search of these lines, which is as short where there is only one group.
    #[inline(always)]
    pub(super) fn nobody_waits_at_a_glance(&self, layout: &Layout, agent: u32) -> bool {
        self.lines.are_all_empty()
            || layout.stands(agent).len() > 1 && self.nobody_waits_for(layout, agent)
    }

    #[inline(never)]
    fn nobody_waits_for(&self, layout: &Layout, agent: u32) -> bool {
        let queues = layout.stands(agent).iter().map(|stand| self.room.queue(stand.group()));
        self.lines.are_empty(Room::own(agent), queues)
    }

    fn settle(&self, layout: &mut Reader<'_, Layout>, work: &mut Work) {
        loop {
            if !wrong(Mutant::TailWithoutFence) {
                full_fence();
            }
            layout.refresh();
            let Some((line, head)) = self.first_of(work) else { return };
            match self.serve(layout, line, &head) {
                Served::Again => {}
                Served::Owes(agent) => self.owe(layout, agent, work),
                Served::Nobody => work.remove(line),
            }
        }
    }

    /// The line to be served next: agents' own before those of groups, then the least key. Those
    /// in which nobody waits are dropped.
    fn first_of(&self, work: &mut Work) -> Option<(LineId, Head)> {
        let mut first: Option<(LineId, Head)> = None;
        let mut at = 0;
        while let Some(line) = work.lines().get(at).copied() {
            let Some(head) = self.lines.head(line) else {
                work.remove(line);
                continue;
            };
            let rank = |line, head: Head| (self.room.whose(line).is_err(), head.order());
            if first.is_none_or(|(l, h)| rank(line, head) < rank(l, h)) {
                first = Some((line, head));
            }
            at += 1;
        }
        first
    }

    /// Finds an agent for the head of a line.
    #[inline]
    fn serve(&self, layout: &mut Reader<'_, Layout>, line: LineId, head: &Head) -> Served {
        let taken = match self.room.whose(line) {
            Ok(agent) => {
                let charge = self.charge_of(layout, *head, None);
                self.reserve(agent, charge, Word::eligible).ok()
            }
            Err(group) => {
                let picked = self.pick(layout, group, None);
                if picked.taken.is_none() && picked.repaired {
                    return Served::Again;
                }
                picked.taken
            }
        };
        taken.map_or(Served::Nobody, |taken| self.give(layout, line, head, taken))
    }

    /// Hands a seat to the head of a line, or to the next; nobody there, it goes back.
    fn give(
        &self,
        layout: &mut Reader<'_, Layout>,
        line: LineId,
        head: &Head,
        taken: Taken,
    ) -> Served {
        if self.hand(head, taken) {
            return Served::Again;
        }
        while let Some(head) = &self.lines.head(line) {
            if self.hand(head, taken) {
                return Served::Again;
            }
        }
        let owes = self.vacate(layout, taken.agent(), taken.charge());
        match owes && !wrong(Mutant::UndoOwnLineOnly) {
            true => Served::Owes(taken.agent()),
            false => Served::Again,
        }
    }

    /// Gives a seat to a waiting conversation, and tells its lane; false when it waits no more.
    #[inline]
    pub(in crate::assign::lockfree) fn hand(&self, head: &Head, taken: Taken) -> bool {
        let generation = taken.word.generation();
        let to = Assigned { agent: taken.agent(), generation, charge: taken.charge() };
        let ready = self.ready_of(head.slot.lane);
        if wrong(Mutant::BitBeforeWord) {
            ready.signal(head.slot.index);
        }
        if !self.lines.change(head.slot, head.word, head.word.assigned(to)) {
            return false;
        }
        if !wrong(Mutant::BitBeforeWord) {
            ready.signal(head.slot.index);
        }
        let bell = self.bells.get(usize::from(head.slot.lane.get()));
        ready.ring(|| bell.into_iter().for_each(|bell| bell.ring()));
        true
    }

    /// What a waiting conversation is charged: its group's mean.
    pub(in crate::assign::lockfree) fn charge_of(
        &self,
        layout: &Layout,
        head: Head,
        corrected: Option<(u32, Word)>,
    ) -> u8 {
        let number = match head.word.state() {
            State::Waiting { line } => self.room.whose(line).err(),
            _ => None,
        };
        let number = number.unwrap_or_else(|| self.lines.home(head.slot).group);
        layout.group(number).map_or(1, |group| self.charge(group, head.slot.index, corrected))
    }
}
