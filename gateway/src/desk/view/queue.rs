use std::collections::{BTreeSet, HashMap};

use model::id::GroupId;
use model::limit;
use model::time::Timestamp;

/// How many conversations wait in each group, and which groups' watchers have not heard of it.
#[derive(Debug, Default)]
pub(super) struct Queues {
    waiting: HashMap<GroupId, u32>,
    changed: BTreeSet<GroupId>,
    told_at: Timestamp,
}

impl Queues {
    /// Conversations waiting in `group`.
    pub(super) fn waiting(&self, group: GroupId) -> u32 {
        self.waiting.get(&group).copied().unwrap_or(0)
    }

    /// A conversation went from one place to another; `None` is no queue.
    pub(super) fn shift(&mut self, from: Option<GroupId>, to: Option<GroupId>) {
        if from == to {
            return;
        }
        if let Some(group) = from {
            let waiting = self.waiting.entry(group).or_default();
            *waiting = waiting.saturating_sub(1);
        }
        if let Some(group) = to {
            *self.waiting.entry(group).or_default() += 1;
        }
        self.changed.extend(from.into_iter().chain(to));
    }

    /// The queues to tell of now: those that changed, when the last notice is
    /// [`limit::QUEUE_NOTICE`] ago.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<(GroupId, u32)> {
        if self.changed.is_empty() || now.since(self.told_at) < limit::QUEUE_NOTICE {
            return Vec::new();
        }
        self.told_at = now;
        let changed = std::mem::take(&mut self.changed);
        changed.into_iter().map(|group| (group, self.waiting(group))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_are_gathered_and_rare() {
        let mut queues = Queues::default();
        let (a, b) = (GroupId(1), GroupId(2));
        let at = Timestamp::from_seconds(1_000);
        queues.shift(None, Some(a));
        assert_eq!(queues.due(at), [(a, 1)]);
        queues.shift(None, Some(a));
        queues.shift(Some(a), Some(b));
        queues.shift(Some(b), Some(b));
        assert_eq!(queues.due(at), [], "too soon");
        assert_eq!(queues.due(at + limit::QUEUE_NOTICE), [(a, 1), (b, 1)]);
        assert_eq!(queues.due(at + 2 * limit::QUEUE_NOTICE), [], "nothing changed");
        queues.shift(Some(a), None);
        assert_eq!((queues.waiting(a), queues.waiting(b)), (0, 1));
    }
}
