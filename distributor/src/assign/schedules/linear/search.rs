use std::collections::BTreeSet;

use model::id::UserId;

use super::Entry;
use super::spec::{Call, Excuse, State};

/// A history, and what excuses each of its entries.
struct Search<'a> {
    entries: &'a [Entry],
    excuses: Vec<Option<Excuse>>,
}

/// Whether the entries can be put in an order that the policies allow, from `start` on; with
/// excuses for what overlaps or without.
pub(super) fn linearizes(entries: &[Entry], start: &State, relaxed: bool) -> bool {
    let excuses = entries.iter().map(|entry| relaxed.then(|| excuse(entry, entries))).collect();
    Search { entries, excuses }.goes_on(start, 0)
}

impl Search<'_> {
    /// Whether what is left, a bit of `done` clear for each, goes on from a state.
    fn goes_on(&self, state: &State, done: u32) -> bool {
        let entries = self.entries.iter().enumerate();
        let left = || entries.clone().filter(|(at, _)| done >> at & 1 == 0);
        let Some(first_end) = left().map(|(_, entry)| entry.ended).min() else { return true };
        left().filter(|(_, entry)| entry.began < first_end).any(|(at, entry)| {
            let excuse = self.excuses[at].as_ref();
            let after = state.after(&entry.call, excuse);
            let taken = excuse.map(|excuse| state.turn_taken(&entry.call, excuse));
            after.iter().any(|next| self.goes_on(next, done | 1 << at))
                || taken.iter().flatten().any(|next| self.goes_on(next, done))
        })
    }
}

fn excuse(entry: &Entry, entries: &[Entry]) -> Excuse {
    let overlapping = entries.iter().filter(|other| {
        other.began != entry.began && other.began < entry.ended && entry.began < other.ended
    });
    let overlapping: Vec<&Entry> = overlapping.collect();
    let agents: BTreeSet<UserId> =
        overlapping.iter().filter_map(|other| changes(other, entries)).collect();
    Excuse { agents, calls: overlapping.len() }
}

/// The agent a call changes. An arrival that waited may itself have handed over the seat that its
/// conversation was confirmed later.
fn changes(entry: &Entry, entries: &[Entry]) -> Option<UserId> {
    match entry.call {
        Call::Arrived { by: Some(user), .. } | Call::Freed(user) | Call::Appeared { user, .. } => {
            Some(user)
        }
        Call::Ready { got, .. } => got.map(|(_, user)| user),
        Call::Arrived { slot, by: None, .. } => {
            let later = entries.iter().filter(|other| other.began > entry.ended);
            later
                .min_by_key(|other| match other.call {
                    Call::Ready { got: Some((of, _)), .. } if of == slot => other.began,
                    _ => u32::MAX,
                })
                .and_then(|other| match other.call {
                    Call::Ready { got: Some((of, user)), .. } if of == slot => Some(user),
                    _ => None,
                })
        }
    }
}
