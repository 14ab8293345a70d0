use std::collections::{BTreeSet, VecDeque};

use model::desk::{Cause, Record, Sweep};
use model::id::{ConversationId, GroupId};
use model::limit;
use model::time::Timestamp;
use storage::port::Offset;

use crate::conversation::{self, Context, waits_in_closed};

use super::Lane;

/// The sweep over conversations that wait for groups that take none any more. Nothing of it is kept
/// in the log: whoever waits so is found again after a restart. Who comes later is not let in.
#[derive(Debug, Default)]
pub(super) struct ClosedGroups {
    /// The settings looked at last.
    seen: Option<Offset>,
    groups: BTreeSet<GroupId>,
    /// Who has not had his turn, by id.
    left: VecDeque<ConversationId>,
}

impl ClosedGroups {
    pub(super) const fn new() -> Self {
        Self { seen: None, groups: BTreeSet::new(), left: VecDeque::new() }
    }

    /// Looks at the settings in force: a group more that is closed begins the sweep anew.
    pub(super) fn refresh(&mut self, cx: &Context) {
        if self.seen.replace(cx.settings.next) == Some(cx.settings.next) {
            return;
        }
        let known = cx.settings.settings.groups.values();
        let groups = known.filter(|group| !group.active).map(|group| group.id).collect();
        let before = std::mem::replace(&mut self.groups, groups);
        if self.groups.is_subset(&before) {
            return;
        }
        let open = cx.state.conversations.values();
        let waiting = open.filter(|open| waits_in_closed(cx, open).is_some());
        let mut left: Vec<ConversationId> = waiting.map(|open| open.id).collect();
        left.sort_unstable();
        self.left = left.into();
    }

    /// Whose turn it is, and for which group he waits. Who waits no more, or whose group was opened
    /// again, has none.
    pub(super) fn next(&mut self, cx: &Context) -> Option<(ConversationId, GroupId)> {
        while let Some(id) = self.left.front() {
            let open = cx.state.conversations.get(id);
            if let Some(group) = open.and_then(|open| waits_in_closed(cx, open)) {
                return Some((*id, group));
            }
            self.left.pop_front();
        }
        None
    }

    /// He had it.
    pub(super) fn pass(&mut self) {
        self.left.pop_front();
    }

    pub(super) fn any_left(&self) -> bool {
        !self.left.is_empty()
    }

    pub(super) fn stop(&mut self) {
        self.left.clear();
    }
}

impl Lane {
    /// The record of the next conversation that waits for a group that takes none any more. `None`
    /// when there is no other, or when a hand-over to it is to be told first.
    pub fn sweep(&mut self, at: Timestamp) -> Option<Record> {
        while let Some((conversation, group)) = self.closed.next(&self.cx) {
            let events = conversation::leave_closed(&mut self.cx, conversation, at).ok()?;
            self.closed.pass();
            let cause = Cause::Sweep(Sweep::GroupClosed { group, conversation });
            if !events.is_empty() {
                return Some(self.write_caused(cause, events, at));
            }
        }
        None
    }

    /// Whether conversations are left to sweep.
    pub(crate) fn is_sweeping(&self) -> bool {
        self.closed.any_left()
    }

    /// Records of one step of a sweep: fewer in a lane that has room for few conversations.
    pub(crate) fn sweep_step(&self) -> usize {
        (self.cx.seats.bound() as usize / 64).clamp(1, limit::SWEEP_STEP)
    }

    /// A sweep that is wrong ends with its first step.
    pub(crate) fn stop_sweeping(&mut self) {
        self.closed.stop();
    }
}
