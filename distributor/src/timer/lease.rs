use std::sync::Arc;

use model::desk::{Event, Record};
use model::fold::Roll;
use model::id::UserId;
use model::limit;
use model::mutant::{Mutant, wrong};
use model::time::Timestamp;

use crate::conversation::Board;

use super::{Absent, Deadlines};

/// Who is there (lane 0), ahead of what the board shows of it until the records are handed over.
///
/// A presence that is renewed is a lease: it runs out [`limit::LEASE`] after its last renewal. Only
/// silence that the lane listened to counts: after a restart, or after it was held up for longer
/// than gateways take between two renewals, it gives everybody a whole lease to be heard in. So an
/// outage that gateways and lane share sends nobody away.
#[derive(Debug)]
pub(crate) struct Leases {
    roll: Roll,
    ends: Deadlines<UserId>,
    absent: Absent,
    board: Arc<Board>,
    changed: bool,
    /// Since when the lane has listened without a break, and when it did last.
    listening: Option<(Timestamp, Timestamp)>,
}

impl Leases {
    /// As the log left them.
    pub(crate) fn of(roll: Roll, board: Arc<Board>) -> Self {
        let mut ends = Deadlines::default();
        for (user, renewed) in &roll.renewed {
            ends.set(*user, Some(*renewed + limit::LEASE));
        }
        let absent = Absent::of(&roll);
        Self { roll, ends, absent, board, changed: false, listening: None }
    }

    /// Who is there.
    pub(crate) const fn roll(&self) -> &Roll {
        &self.roll
    }

    /// The lane has read its inputs up to `at`.
    pub(crate) fn listen(&mut self, at: Timestamp) {
        let since = match self.listening {
            Some((since, last)) if at.since(last) <= limit::LEASE_RENEWAL => since,
            _ => at,
        };
        self.listening = Some((since, at));
    }

    /// Folds a record of the lane.
    pub(crate) fn apply(&mut self, record: &Record) {
        for event in &record.events {
            self.roll.apply(event, record.at);
            match event {
                Event::PresenceChanged { user, .. } => {
                    self.absent.note(&self.roll, *user);
                    self.changed = true;
                    self.ends.set(*user, self.end(*user));
                }
                Event::LeasesRenewed { users } => {
                    users.iter().for_each(|user| self.ends.hasten(*user, self.end(*user)));
                }
                _ => {}
            }
        }
        if wrong(Mutant::AbsentEarly) {
            self.publish();
        }
    }

    /// Somebody whose lease is to be looked at by `at`.
    pub(crate) fn take(&mut self, at: Timestamp) -> Option<UserId> {
        self.ends.take(at)
    }

    /// Whether the lease of somebody taken is over; if not it is to be looked at again.
    pub(crate) fn is_over(&mut self, user: UserId, at: Timestamp) -> bool {
        let end = self.end(user);
        let over = end.is_some_and(|end| end <= at);
        if !over {
            self.ends.set(user, end);
        }
        over
    }

    /// Whether somebody is gone, and nobody waits for him any more.
    pub(crate) fn is_given_up(&self, user: UserId, at: Timestamp) -> bool {
        self.absent.until(user).is_some_and(|until| until <= at)
    }

    /// When something is to be looked at.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.ends.next()
    }

    /// Shows every lane who is gone. Only after the core was told.
    pub(crate) fn publish(&mut self) {
        if std::mem::take(&mut self.changed) {
            self.board.show_absent(self.absent.clone());
        }
    }

    fn end(&self, user: UserId) -> Option<Timestamp> {
        let (since, _) = self.listening.unwrap_or_default();
        let renewed = *self.roll.renewed.get(&user)?;
        let heard = if wrong(Mutant::RenewalIgnored) { Timestamp::default() } else { renewed };
        Some(heard.max(since) + limit::LEASE)
    }
}
