use std::collections::BTreeSet;

use model::fold::Score;
use model::id::GroupId;
use model::people::{AgentRank, Presence, User};

use crate::assign::{Passed, SeatKind};

/// An agent, as the core knows him. One nobody has described yet is a member of nothing.
#[derive(Debug, Default)]
pub(super) struct Agent {
    /// Whether the settings have him as an agent.
    pub(super) active: bool,
    pub(super) presence: Presence,
    pub(super) cap: u8,
    pub(super) rank: AgentRank,
    /// Seats taken: tickets and hand-overs.
    pub(super) load: u32,
    /// Tickets out, counted apart from the load for the audit.
    pub(super) tickets: u32,
    /// Whether a reservation took him above his cap, for the audit (C5).
    pub(super) over_cap: bool,
    /// Bumped whenever a hand-over under way must not be confirmed any more.
    pub(super) generation: u16,
    /// Conversations and service time of the window, open chats at their charge.
    pub(super) score: Score,
    /// The groups whose conversations he receives.
    pub(super) groups: BTreeSet<GroupId>,
    /// The group that stands for him where none is named; kept when he has left them all.
    pub(super) home: Option<GroupId>,
}

impl Agent {
    /// Takes rank and cap from the settings; `None` makes him no agent any more.
    pub(super) fn describe(&mut self, user: Option<&User>) {
        if self.active && user.is_none() {
            self.bump();
        }
        self.active = user.is_some();
        let Some(user) = user else { return };
        let cap = user.cap.get();
        if cap < self.cap {
            self.bump();
        }
        self.cap = cap;
        self.rank = user.rank;
        self.home = user.groups.first().map(|membership| membership.group).or(self.home);
    }

    /// Changes his presence; whoever is not available gets no hand-over confirmed.
    pub(super) fn appear(&mut self, presence: Presence) {
        self.presence = presence;
        if presence != Presence::Available {
            self.bump();
        }
    }

    /// Makes every hand-over under way void.
    pub(super) fn bump(&mut self) {
        self.generation = self.generation.wrapping_add(1);
    }

    /// Why he takes no conversation of his lines; `None` when he does.
    pub(super) fn refusal(&self) -> Option<Passed> {
        match self.presence {
            _ if !self.active => Some(Passed::Offline),
            Presence::Offline => Some(Passed::Offline),
            Presence::Paused => Some(Passed::Paused),
            Presence::Available => self.full(),
        }
    }

    /// Why he may not be reserved by name; `None` when he may.
    pub(super) fn refusal_of(&self, kind: SeatKind) -> Option<Passed> {
        match (self.refusal(), kind) {
            (Some(Passed::Paused), SeatKind::Transfer { paused_ok: true }) => self.full(),
            (refusal, _) => refusal,
        }
    }

    /// Takes a seat and charges it.
    pub(super) fn take(&mut self, charge: u8) {
        self.load += 1;
        self.over_cap |= self.load > u32::from(self.cap);
        self.score.reserve(charge);
    }

    /// Takes a seat the log shows as held, whatever the cap; the score of the log has it already.
    pub(super) fn take_restored(&mut self) {
        self.load += 1;
    }

    /// Gives a seat back.
    pub(super) fn give_back(&mut self) {
        assert!(self.load > 0, "C9: a seat is given back that nobody holds");
        self.load -= 1;
        self.over_cap &= self.load > u32::from(self.cap);
    }

    /// Gives a seat back that the log never showed, its charge included.
    pub(super) fn give_back_unseen(&mut self, charge: u8) {
        self.give_back();
        self.score.count = self.score.count.saturating_sub(1);
        self.score.time = self.score.time.saturating_sub(u32::from(charge));
    }

    fn full(&self) -> Option<Passed> {
        (self.load >= u32::from(self.cap)).then_some(Passed::Full)
    }
}
