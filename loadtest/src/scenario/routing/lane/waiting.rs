use std::collections::BTreeMap;

use model::id::{GroupId, UserId};

/// Where a conversation waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::scenario::routing) enum Line {
    /// A group's queue.
    Group(GroupId),
    /// An agent's own line.
    Own(UserId),
}

/// The conversations of one lane that wait, as the driver knows them.
#[derive(Debug, Default)]
pub(in crate::scenario::routing) struct Waiting {
    lines: BTreeMap<Line, BTreeMap<i64, Waiter>>,
    slots: BTreeMap<u32, (Line, i64)>,
}

#[derive(Debug)]
struct Waiter {
    slot: u32,
    /// Later ones of its line that were served before it.
    overtaken: u64,
}

impl Line {
    /// The group, unless it is an agent's own line.
    pub(in crate::scenario::routing) const fn group(self) -> Option<GroupId> {
        match self {
            Self::Group(group) => Some(group),
            Self::Own(_) => None,
        }
    }
}

impl Waiting {
    pub(super) fn enter(&mut self, slot: u32, line: Line, key: i64) {
        self.slots.insert(slot, (line, key));
        self.lines.entry(line).or_default().insert(key, Waiter { slot, overtaken: 0 });
    }

    /// Where the slot's conversation waited, until now; `None` when it did not.
    pub(super) fn leave(&mut self, slot: u32) -> Option<(Line, i64)> {
        let (line, key) = self.slots.remove(&slot)?;
        if let Some(waiters) = self.lines.get_mut(&line) {
            waiters.remove(&key);
            if waiters.is_empty() {
                self.lines.remove(&line);
            }
        }
        Some((line, key))
    }

    pub(super) fn has(&self, slot: u32) -> bool {
        self.slots.contains_key(&slot)
    }

    /// Whether somebody has waited in the line since before this key.
    pub(super) fn is_older(&self, line: Line, key: i64) -> bool {
        let first = self.lines.get(&line).and_then(|waiters| waiters.first_key_value());
        first.is_some_and(|(oldest, _)| *oldest < key)
    }

    /// The slot of the last of a line.
    pub(super) fn newest(&self, line: Line) -> Option<u32> {
        Some(self.lines.get(&line)?.last_key_value()?.1.slot)
    }

    /// Somebody with this key was served, everybody who was handed a seat having left: how many
    /// have now been overtaken once more than `lawful`.
    pub(super) fn overtake(&mut self, line: Line, key: i64, lawful: u64) -> u64 {
        let Some(waiters) = self.lines.get_mut(&line) else { return 0 };
        let older = waiters.range_mut(..key).map(|(_, waiter)| {
            waiter.overtaken += 1;
            u64::from(waiter.overtaken == lawful + 1)
        });
        older.sum()
    }

    /// The slot of one of them: the next from `slot` on, around.
    pub(super) fn near(&self, slot: u32) -> Option<u32> {
        let next = self.slots.range(slot..).next().or_else(|| self.slots.iter().next());
        next.map(|(slot, _)| *slot)
    }

    pub(in crate::scenario::routing) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Each line, and how many wait in it.
    pub(in crate::scenario::routing) fn lines(&self) -> impl Iterator<Item = (Line, u64)> {
        self.lines.iter().map(|(line, waiters)| (*line, waiters.len() as u64))
    }

    /// All their slots.
    pub(super) fn slots(&self) -> Vec<u32> {
        self.slots.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: Line = Line::Group(GroupId(1));

    #[test]
    fn whoever_is_overtaken_more_often_than_is_lawful_is_counted_once() {
        let mut waiting = Waiting::default();
        waiting.enter(7, LINE, 10);
        waiting.enter(8, LINE, 20);
        waiting.enter(9, Line::Own(UserId(1)), 1);
        let found: Vec<u64> = (0..4).map(|_| waiting.overtake(LINE, 15, 1)).collect();
        assert_eq!(found, [0, 1, 0, 0]);
        assert_eq!(waiting.overtake(LINE, 10, 0), 0, "nobody is older");
        assert_eq!(waiting.leave(7), Some((LINE, 10)));
        assert_eq!((waiting.leave(7), waiting.len()), (None, 2));
    }

    #[test]
    fn the_next_waiter_is_looked_for_around() {
        let mut waiting = Waiting::default();
        assert_eq!(waiting.near(3), None);
        waiting.enter(2, LINE, 1);
        waiting.enter(5, LINE, 2);
        assert_eq!([3, 6, 0].map(|slot| waiting.near(slot)), [Some(5), Some(2), Some(2)]);
    }
}
