use std::sync::Arc;

use arc_swap::ArcSwap;
use model::desk::{Entity, Event, Settings};
use model::fold::Roll;
use storage::port::{Bell, Offset};

use crate::assign::Assign;
use crate::timer::Absent;

/// The settings in force, and up to where in the topic they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InForce {
    /// The settings.
    pub settings: Settings,
    /// Offset in `settings` after the last entity read.
    pub next: Offset,
}

/// Where lane 0 puts up, for every lane of its shard, the settings in force and who is gone.
#[derive(Debug)]
pub struct Board {
    in_force: ArcSwap<InForce>,
    absent: ArcSwap<Absent>,
    bells: Vec<Arc<Bell>>,
}

impl InForce {
    /// Whether a group's conversations may have to be looked at sooner than by `before`.
    pub(crate) fn asks_more_than(&self, before: &Self) -> bool {
        let known = |id| before.settings.groups.get(id).map(|group| &group.rules);
        let mut groups = self.settings.groups.iter();
        self.next != before.next && groups.any(|(id, group)| known(id) != Some(&group.rules))
    }
}

/// Lane 0's own copy, ahead of the board until its records are handed over.
#[derive(Debug)]
pub(crate) struct Book {
    ahead: InForce,
    board: Arc<Board>,
    changed: bool,
}

impl Board {
    /// A board that shows `in_force`, and whom `roll` knows to be gone; `bells` are rung at every
    /// change.
    pub fn new(in_force: InForce, roll: &Roll, bells: Vec<Arc<Bell>>) -> Arc<Self> {
        let absent = ArcSwap::from_pointee(Absent::of(roll));
        Arc::new(Self { in_force: ArcSwap::from_pointee(in_force), absent, bells })
    }

    /// The settings in force.
    pub fn in_force(&self) -> Arc<InForce> {
        self.in_force.load_full()
    }

    /// Who is gone.
    pub(crate) fn absent(&self) -> Arc<Absent> {
        self.absent.load_full()
    }

    /// Shows who is gone from now on.
    pub(crate) fn show_absent(&self, absent: Absent) {
        self.absent.store(Arc::new(absent));
        self.bells.iter().for_each(|bell| bell.ring());
    }
}

impl Book {
    /// A copy of what the board shows.
    pub(crate) fn of(board: Arc<Board>) -> Self {
        let ahead = InForce::clone(&board.in_force());
        Self { ahead, board, changed: false }
    }

    /// Folds the entity at offset `at`; a void one changes nothing.
    pub(crate) fn apply(&mut self, at: Offset, entity: Entity) -> Event {
        if let Err(void) = self.ahead.settings.apply(entity) {
            tracing::warn!(offset = at, %void, "a settings entity is void");
        }
        self.pass(at);
        Event::SettingsApplied { next: at + 1 }
    }

    /// Moves on past offset `at`.
    pub(crate) const fn pass(&mut self, at: Offset) {
        self.ahead.next = at + 1;
        self.changed = true;
    }

    /// Puts the settings in force, core first: no lane decides by settings the core does not know.
    pub(crate) fn publish(&mut self, core: &dyn Assign) {
        if std::mem::take(&mut self.changed) {
            core.edit(&self.ahead.settings);
            self.board.in_force.store(Arc::new(self.ahead.clone()));
            self.board.bells.iter().for_each(|bell| bell.ring());
        }
    }
}
