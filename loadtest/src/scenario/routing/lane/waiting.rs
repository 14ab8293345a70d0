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
    /// Whether a later one of its line was served before it.
    suspected: bool,
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
        self.lines.entry(line).or_default().insert(key, Waiter { slot, suspected: false });
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

    /// Whether a conversation waits that began to with this key.
    pub(super) fn waits(&self, line: Line, key: i64) -> bool {
        self.lines.get(&line).is_some_and(|waiters| waiters.contains_key(&key))
    }

    /// The slot of the last of a line.
    pub(super) fn newest(&self, line: Line) -> Option<u32> {
        Some(self.lines.get(&line)?.last_key_value()?.1.slot)
    }

    /// Somebody with this key was served: the keys of those who still wait before it, and were not
    /// suspected yet.
    pub(super) fn suspect(&mut self, line: Line, key: i64) -> impl Iterator<Item = i64> {
        let older = self.lines.get_mut(&line).map(|waiters| waiters.range_mut(..key));
        older.into_iter().flatten().filter_map(|(key, waiter)| {
            let before = std::mem::replace(&mut waiter.suspected, true);
            (!before).then_some(*key)
        })
    }

    /// Whoever waits with this key is suspected no more.
    pub(super) fn acquit(&mut self, line: Line, key: i64) {
        let waiter = self.lines.get_mut(&line).and_then(|waiters| waiters.get_mut(&key));
        waiter.into_iter().for_each(|waiter| waiter.suspected = false);
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
    fn whoever_stands_before_a_key_is_suspected_once() {
        let mut waiting = Waiting::default();
        waiting.enter(7, LINE, 10);
        waiting.enter(8, LINE, 20);
        waiting.enter(9, Line::Own(UserId(1)), 1);
        let mut suspects = |key| waiting.suspect(LINE, key).collect::<Vec<i64>>();
        assert_eq!((suspects(10), suspects(15), suspects(30)), (vec![], vec![10], vec![20]));
        waiting.acquit(LINE, 10);
        assert_eq!(waiting.suspect(LINE, 30).collect::<Vec<i64>>(), [10]);
        assert!(waiting.waits(LINE, 10));
        assert_eq!(waiting.leave(7), Some((LINE, 10)));
        assert_eq!((waiting.leave(7), waiting.len()), (None, 2));
        assert!(!waiting.waits(LINE, 10));
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
