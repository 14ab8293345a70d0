//! Time passes: gateways renew their sessions or vanish with them, agents come and go, customers
//! fall silent.

use std::time::Duration;

use model::desk::Lease;
use model::id::UserId;
use model::people::{GroupRules, Inactivity, OnAbsence, Presence, Silence, Warning};
use storage::port::{Partition, Topic};

use crate::chance::Chance;
use crate::house::{House, NOBODY};
use crate::ledger::Said;

use super::Story;

impl Story {
    /// Agents of the shard whose sockets are at one of its two gateways.
    fn sessions(&self, at: usize, gateway: u32) -> Vec<UserId> {
        let agents = self.world.house.agents_of(self.shard(at));
        agents.into_iter().filter(|user| user.0 % 2 == gateway).collect()
    }

    /// A gateway renews its sessions.
    pub(super) fn renew(&mut self, at: usize, gateway: u32) {
        let mut users = self.sessions(at, gateway);
        if self.world.chance.once_in(8) {
            users.push(NOBODY);
        }
        if self.world.chance.once_in(8) {
            users.push(House::supervisor(self.shard(at)));
        }
        let lease = Lease { users, at: self.world.now() };
        let control = Partition::new(Topic::Control, u32::from(self.shard(at).get()));
        self.world.say(control, Said::Lease(lease));
    }

    /// A minute or so passes, and everybody has turns; one gateway in two renews nothing any more.
    pub(super) fn pass(&mut self) {
        let vanished = self.world.chance.below(4) as u32;
        if vanished < 2 {
            self.world.tally.count("happening", "gateway-vanished");
        }
        for _ in 0..2 + self.world.chance.below(12) {
            let by = Duration::from_millis(5_000 + self.world.chance.below(4_900) as u64);
            self.world.clock.set(self.world.now() + by);
            for at in 0..self.world.shards.len() {
                (0..2).filter(|gateway| *gateway != vanished).for_each(|g| self.renew(at, g));
                for lane in 0..usize::from(self.world.house.place.lanes()) {
                    self.world.turn(at, lane);
                }
            }
            self.world.check();
        }
        for at in 0..self.world.shards.len() {
            for user in self.sessions(at, vanished) {
                if !self.world.chance.once_in(3) {
                    self.appear(self.shard(at), user, Presence::Available);
                }
            }
        }
    }

    /// The socket of an agent goes up and down, of one with conversations if there is one.
    pub(super) fn flap(&mut self, at: usize) {
        self.world.tally.count("happening", "flapping");
        let seats = self.world.shards[at].books.seats.iter();
        let mut agents: Vec<_> = seats.filter(|(_, of)| !of.is_empty()).map(|(u, _)| *u).collect();
        if agents.is_empty() {
            agents = self.world.house.agents_of(self.shard(at));
        }
        let user = *self.world.chance.pick(&agents);
        for _ in 0..2 + self.world.chance.below(4) {
            self.appear(self.shard(at), user, Presence::Offline);
            if self.world.chance.once_in(2) {
                self.tick();
                self.turn(at);
            }
            if self.world.chance.once_in(2) {
                let control = Partition::new(Topic::Control, u32::from(self.shard(at).get()));
                self.world.say(control, Said::Junk);
                self.world.turn(at, 0);
            }
            self.appear(self.shard(at), user, Presence::Available);
            self.turn(at);
        }
    }
}

/// What a group does because time passed; in one seed of two, nothing ends by itself.
pub(crate) fn rules(quiet: bool, chance: &mut Chance) -> GroupRules {
    let seconds = |most: usize, chance: &mut Chance| Duration::from_secs(chance.below(most) as u64);
    let on_absence = *chance.pick(&[OnAbsence::Keep, OnAbsence::Redirect, OnAbsence::Close]);
    let grace = if chance.once_in(2) { Duration::ZERO } else { seconds(90, chance) };
    let pending_after = chance.once_in(3).then(|| seconds(90, chance) + Duration::from_secs(5));
    let mut rules = GroupRules { on_absence, grace, pending_after, ..GroupRules::default() };
    if !quiet {
        rules.running = inactivity(chance);
        rules.queued = inactivity(chance);
    }
    rules
}

fn inactivity(chance: &mut Chance) -> Option<Inactivity> {
    if chance.once_in(4) {
        return None;
    }
    let most = *chance.pick(&[120, 120, 30 * 3_600]);
    let limit = Duration::from_secs(10 + chance.below(most) as u64);
    let warning = (!chance.once_in(3)).then(|| Warning {
        percent: 1 + chance.below(99) as u8,
        text: "Are you still there?".to_owned(),
    });
    let silence = *chance.pick(&[Silence::Customer, Silence::Both]);
    Some(Inactivity { limit, warning, silence })
}
