use model::id::GroupId;

use crate::assign::Slot;
use crate::assign::lockfree::LockFree;
use crate::assign::lockfree::line::Home;
use crate::assign::lockfree::slot::LineId;

impl LockFree {
    /// How many stand in the queue of a group, over all lanes.
    pub(in crate::assign::lockfree) fn waiting_in(&self, group: GroupId) -> u32 {
        let Some(number) = self.layout.read().group_named(group) else { return 0 };
        self.standing.iter().map(|of_lane| of_lane.get(number as usize)).sum()
    }

    /// Owner: a conversation stands in a line from now on.
    #[inline]
    pub(in crate::assign::lockfree) fn came(&self, slot: Slot, line: LineId) {
        self.count(slot, line, 1);
    }

    /// Owner: takes a conversation out of its line, if it waits there.
    pub(super) fn leave(&self, slot: Slot) -> bool {
        let left = self.lines.withdraw(slot);
        if left {
            self.count(slot, self.lines.home(slot).line, u32::MAX);
        }
        left
    }

    /// Owner: a seat was handed to a conversation, which ends its wait; where it waited.
    #[inline]
    pub(super) fn end(&self, slot: Slot) -> Home {
        let home = self.lines.finish(slot);
        self.count(slot, home.line, u32::MAX);
        home
    }

    #[inline]
    fn count(&self, slot: Slot, line: LineId, by: u32) {
        let Err(group) = self.room.whose(line) else { return };
        if let Some(of_lane) = self.standing.get(usize::from(slot.lane.get())) {
            of_lane.set(group as usize, of_lane.get(group as usize).wrapping_add(by));
        }
    }
}
