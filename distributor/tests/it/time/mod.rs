//! What happens because time passed, on the memory log with a clock that stands still until it is
//! told otherwise.

mod silence;
mod idle;
mod absence;
mod lease;

use std::time::Duration;

use model::desk::{Body, Entity, Envelope, Event, Lease, Record, Stamped, wire};
use model::fold::Conversation;
use model::id::UserId;
use model::people::{GroupRules, Inactivity, Presence, Silence, Warning};
use model::service::CloseReason;
use model::time::Clock;
use storage::port::{Partition, Topic};

use crate::lane::world::{ANA, World, address_in, group};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);

impl World {
    /// A shard whose group has these rules.
    pub(crate) fn ruled(rules: GroupRules) -> Self {
        let mut world = Self::new();
        world.rule(2, rules);
        world
    }

    /// The group has these rules from now on.
    pub(crate) fn rule(&mut self, version: u64, rules: GroupRules) {
        self.entity(Entity::Group(model::people::Group { rules, ..group(version) }));
        self.run();
    }

    /// Time passes, with turns in between, and nobody is held up.
    pub(crate) fn pass(&mut self, by: Duration) {
        let step = Duration::from_secs(5);
        let mut left = by;
        while !left.is_zero() {
            self.advance(step.min(left));
            left -= step.min(left);
            self.run();
        }
    }

    /// A customer of a lane writes for the first time, and Ana has him.
    pub(crate) fn talk(&mut self, lane: u8, n: usize) -> Conversation {
        self.appear(ANA, Presence::Available);
        self.write(&address_in(lane, n), "hi");
        self.run();
        let open = self.open(&address_in(lane, n));
        assert_eq!(open.agent, Some(ANA));
        open
    }

    /// A gateway renews the sessions of `users`.
    pub(crate) fn renew(&mut self, users: &[UserId]) {
        let lease = Lease { users: users.to_vec(), at: self.clock.now() };
        let envelope = Envelope::of_input(self.clock.now());
        let bytes = wire::encode(&Stamped { envelope, body: Body::Lease(lease) });
        self.append(Partition::new(Topic::Control, 0), bytes);
        self.run();
    }

    /// The records that say something of the kind.
    pub(crate) fn saying(&self, is: impl Fn(&Event) -> bool) -> Vec<Record> {
        let says = |record: &Record| record.events.iter().any(&is);
        self.records().into_iter().filter(says).collect()
    }

    /// How conversations ended, in order.
    pub(crate) fn ends(&self) -> Vec<CloseReason> {
        let reason = |event| match event {
            Event::Closed { reason, .. } => Some(reason),
            _ => None,
        };
        self.events().into_iter().filter_map(reason).collect()
    }
}

/// An hour of silence ends a conversation, after a warning at three quarters of it.
pub(crate) fn an_hour(silence: Silence) -> Inactivity {
    let warning = Some(Warning { percent: 75, text: "Are you still there?".to_owned() });
    Inactivity { limit: HOUR, warning, silence }
}
