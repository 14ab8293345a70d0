use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use model::fold::Conversation;
use model::id::{ConversationId, UserId};
use model::mutant::{Mutant, wrong};
use model::time::Timestamp;

use super::{Absent, Deadlines};

/// What a lane is to look at, and when. It knows what is due no better than the state does: each
/// look decides anew. It takes about 80 bytes for each open conversation, and a moment for any of
/// it costs the logarithm of their number.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    talks: Deadlines<ConversationId>,
    /// Whose conversations are whose; nobody is in it without one.
    of_agent: BTreeMap<UserId, BTreeSet<ConversationId>>,
    absences: Deadlines<UserId>,
    /// Who is gone, as the board showed it last.
    absent: Option<Arc<Absent>>,
    /// Absent agents whose conversations are being gone through, each with the last that had its
    /// turn.
    sweeps: VecDeque<(UserId, Option<ConversationId>)>,
    /// The waiting slot from which conversations are still to be looked at, because settings
    /// changed.
    review: Option<u32>,
}

/// Something to be looked at now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// A conversation whose agent has been gone for too long.
    Absence(UserId, ConversationId),
    /// A conversation in which something may be due.
    Talk(ConversationId),
    /// The conversation of a waiting slot, by new settings.
    Review(u32),
}

impl Agenda {
    /// Sees who is gone: those who left since, and those who came back. The first time it looks for
    /// everybody.
    pub(crate) fn see(&mut self, absent: Arc<Absent>) {
        if self.absent.as_ref().is_some_and(|known| Arc::ptr_eq(known, &absent)) {
            return;
        }
        let before = self.absent.replace(absent.clone());
        if before.is_none() && wrong(Mutant::SweepForgotten) {
            return;
        }
        for user in absent.changes_since(&before.unwrap_or_default()) {
            self.sweeps.retain(|(swept, _)| *swept != user || wrong(Mutant::ReturnIgnored));
            let until = absent.until(user).filter(|_| self.of_agent.contains_key(&user));
            if until.is_some() || !wrong(Mutant::ReturnIgnored) {
                self.absences.set(user, until);
            }
        }
    }

    /// A conversation was `before`'s; now it is as `open` says, or over, and is to be looked at by
    /// `next`.
    pub(crate) fn note(
        &mut self,
        id: ConversationId,
        before: Option<UserId>,
        open: Option<&Conversation>,
        next: Option<Timestamp>,
    ) {
        let agent = open.and_then(|open| open.agent);
        if let Some(before) = before.filter(|before| Some(*before) != agent) {
            self.leave(before, id);
        }
        if let Some(agent) = agent {
            self.of_agent.entry(agent).or_default().insert(id);
            let until = self.absent.as_ref().and_then(|absent| absent.until(agent));
            self.absences.hasten(agent, until);
        }
        match open {
            Some(_) => self.talks.hasten(id, next),
            None => self.talks.set(id, None),
        }
    }

    /// When a conversation is to be looked at again, after a look.
    pub(crate) fn set(&mut self, id: ConversationId, next: Option<Timestamp>) {
        self.talks.set(id, next);
    }

    /// Every conversation is to be looked at: settings changed.
    pub(crate) fn review(&mut self) {
        self.review = Some(0);
    }

    /// The next thing to be looked at by `at`; `slots` is how many waiting slots there are.
    pub(crate) fn take(&mut self, at: Timestamp, slots: u32) -> Option<Due> {
        while let Some(user) = self.absences.take(at) {
            self.sweeps.push_back((user, None));
        }
        self.sweep()
            .or_else(|| self.look_again(slots))
            .or_else(|| self.talks.take(at).map(Due::Talk))
    }

    /// A conversation had its turn in the sweep; without that it is the next one again.
    pub(crate) fn swept(&mut self, id: ConversationId) {
        if let Some((_, last)) = self.sweeps.front_mut() {
            *last = Some(id);
        }
        if wrong(Mutant::PlaceLost) {
            self.sweeps.pop_front();
        }
    }

    /// When something is to be looked at; nothing is told of what is already due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        let all = [self.talks.next(), self.absences.next()];
        all.into_iter().flatten().min()
    }

    fn sweep(&mut self) -> Option<Due> {
        while let Some((user, last)) = self.sweeps.front().copied() {
            let after = last.map_or(Bound::Unbounded, Bound::Excluded);
            let of_his = self.of_agent.get(&user);
            let next = of_his.and_then(|ids| ids.range((after, Bound::Unbounded)).next());
            match next {
                Some(id) => return Some(Due::Absence(user, *id)),
                None => drop(self.sweeps.pop_front()),
            }
        }
        None
    }

    fn look_again(&mut self, slots: u32) -> Option<Due> {
        let slot = self.review?;
        self.review = (slot + 1 < slots).then_some(slot + 1);
        (slot < slots).then_some(Due::Review(slot))
    }

    fn leave(&mut self, agent: UserId, id: ConversationId) {
        let Some(ids) = self.of_agent.get_mut(&agent) else { return };
        ids.remove(&id);
        if ids.is_empty() {
            self.of_agent.remove(&agent);
            self.absences.set(agent, None);
        }
    }
}
