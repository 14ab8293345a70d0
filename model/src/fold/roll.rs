use std::collections::BTreeMap;

use crate::desk::Event;
use crate::id::UserId;
use crate::people::Presence;
use crate::time::Timestamp;

/// Who is there, as the events of a shard say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roll {
    /// Everybody who ever said anything of himself.
    pub presence: BTreeMap<UserId, Presence>,
    /// Of whoever is not there, until when his conversations wait for him.
    pub grace: BTreeMap<UserId, Timestamp>,
    /// When the presence of whoever is there was renewed last, on lane time. Only a presence that
    /// was renewed once can run out: of one that never was, nobody promised to renew it.
    pub renewed: BTreeMap<UserId, Timestamp>,
}

impl Roll {
    /// Folds one event of a record of lane time `at`; whether it says anything of who is there.
    pub fn apply(&mut self, event: &Event, at: Timestamp) -> bool {
        match event {
            Event::PresenceChanged { user, presence, grace_until } => {
                self.appear((*user, *presence), *grace_until, at);
            }
            Event::LeasesRenewed { users } => users.iter().for_each(|user| self.renew(*user, at)),
            _ => return false,
        }
        true
    }

    /// Whether somebody is there, be it paused.
    pub fn is_there(&self, user: UserId) -> bool {
        self.presence.get(&user).is_some_and(|presence| *presence != Presence::Offline)
    }

    fn appear(
        &mut self,
        (user, presence): (UserId, Presence),
        grace_until: Option<Timestamp>,
        at: Timestamp,
    ) {
        self.presence.insert(user, presence);
        match grace_until {
            Some(until) => drop(self.grace.insert(user, until)),
            None => drop(self.grace.remove(&user)),
        }
        match self.renewed.get_mut(&user) {
            Some(_) if presence == Presence::Offline => drop(self.renewed.remove(&user)),
            Some(renewed) => *renewed = at,
            None => {}
        }
    }

    fn renew(&mut self, user: UserId, at: Timestamp) {
        if self.is_there(user) {
            self.renewed.insert(user, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: UserId = UserId(7);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn appears(roll: &mut Roll, presence: Presence, seconds: i64) {
        let event = Event::PresenceChanged { user: USER, presence, grace_until: None };
        assert!(roll.apply(&event, at(seconds)));
    }

    #[test]
    fn only_a_presence_that_was_renewed_can_run_out() {
        let mut roll = Roll::default();
        let renewal = Event::LeasesRenewed { users: vec![USER] };
        assert!(roll.apply(&renewal, at(1)));
        appears(&mut roll, Presence::Available, 2);
        assert!(roll.renewed.is_empty(), "he was not there, then nobody renewed it");
        roll.apply(&renewal, at(3));
        appears(&mut roll, Presence::Paused, 5);
        assert_eq!(roll.renewed.get(&USER), Some(&at(5)), "he himself said that he is there");
        appears(&mut roll, Presence::Offline, 6);
        roll.apply(&renewal, at(7));
        assert!(roll.renewed.is_empty(), "there is nothing to renew");
    }
}
