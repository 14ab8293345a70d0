use model::fold::Roll;
use model::id::UserId;
use model::mutant::{Mutant, wrong};
use model::people::Presence;
use model::time::Timestamp;

/// Who is not there, and until when their conversations wait for them; in the order of their ids.
/// Whoever's conversations do not wait has the beginning of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Absent(Vec<(UserId, Timestamp)>);

impl Absent {
    /// Everybody a roll knows to be gone.
    pub(crate) fn of(roll: &Roll) -> Self {
        let gone = roll.presence.iter().filter(|(_, presence)| **presence == Presence::Offline);
        let forgotten = wrong(Mutant::GraceForgotten).then_some(Timestamp::default());
        let until = |user| forgotten.unwrap_or_else(|| Self::grace(roll, user));
        Self(gone.map(|(user, _)| (*user, until(*user))).collect())
    }

    /// Until when the conversations of somebody who is gone wait for him.
    pub(crate) fn until(&self, user: UserId) -> Option<Timestamp> {
        let at = self.0.binary_search_by_key(&user, |(user, _)| *user).ok()?;
        self.0.get(at).map(|(_, until)| *until)
    }

    /// What a roll says of one user now.
    pub(crate) fn note(&mut self, roll: &Roll, user: UserId) {
        let gone = roll.presence.get(&user) == Some(&Presence::Offline);
        let until = gone.then(|| Self::grace(roll, user));
        match (self.0.binary_search_by_key(&user, |(user, _)| *user), until) {
            (Ok(at), Some(until)) => {
                self.0.get_mut(at).into_iter().for_each(|known| known.1 = until)
            }
            (Ok(at), None) => drop(self.0.remove(at)),
            (Err(at), Some(until)) => self.0.insert(at, (user, until)),
            (Err(_), None) => {}
        }
    }

    /// Of whom `self` says something else than `before`.
    pub(crate) fn changes_since(&self, before: &Self) -> Vec<UserId> {
        let (mut old, mut new) = (before.0.iter().peekable(), self.0.iter().peekable());
        let mut changed = Vec::new();
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => return changed,
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(old), Some(new)) => old.0.cmp(&new.0),
            };
            let was = if order.is_le() { old.next() } else { None };
            let is = if order.is_ge() { new.next() } else { None };
            if was != is {
                changed.extend(was.or(is).map(|(user, _)| *user));
            }
        }
    }

    fn grace(roll: &Roll, user: UserId) -> Timestamp {
        roll.grace.get(&user).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use model::desk::Event;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_change_noted_is_the_change_found(
            steps in proptest::collection::vec((0..6_u32, 0..3_u8, 0..3_i64), 0..40),
        ) {
            let (mut roll, mut absent) = (Roll::default(), Absent::default());
            for (user, presence, grace) in steps {
                let (user, before) = (UserId(user), absent.clone());
                let gone = presence == 0;
                let presence = if gone { Presence::Offline } else { Presence::Available };
                let grace_until = gone.then_some(Timestamp::from_seconds(grace));
                let event = Event::PresenceChanged { user, presence, grace_until };
                roll.apply(&event, Timestamp::default());
                absent.note(&roll, user);
                prop_assert_eq!(&absent, &Absent::of(&roll));
                prop_assert_eq!(absent.until(user), grace_until);
                let changed = before.until(user) != absent.until(user);
                prop_assert_eq!(absent.changes_since(&before), Vec::from_iter(changed.then_some(user)));
            }
            prop_assert_eq!(absent.changes_since(&Absent::default()).len(), absent.0.len());
        }
    }
}
