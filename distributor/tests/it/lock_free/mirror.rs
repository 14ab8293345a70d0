//! What the calls made so far mean for the policies: kept beside the core, to know its lawful
//! choices. Exact while no hand-over is under way.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use distributor::assign::policy::{self, Choice, Draws, Member, Turns, View};
use model::desk::Settings;
use model::fold::Score;
use model::id::{GroupId, UserId};
use model::people::{AgentRank, NewcomerScore, Policy, Presence, User};

#[derive(Default)]
pub(crate) struct Mirror {
    settings: Settings,
    pub(crate) presence: BTreeMap<UserId, Presence>,
    load: BTreeMap<UserId, u32>,
    pub(crate) score: BTreeMap<UserId, Score>,
    groups: BTreeMap<GroupId, Joined>,
}

/// The join order of a group, and its turns. The core keeps those of the policy in force: of the
/// other turns nothing is known after a change of policy, until each is taken once.
#[derive(Default)]
struct Joined {
    members: BTreeMap<u64, (UserId, bool)>,
    places: u64,
    turns: Turns,
    /// Whether nobody knows whose turn it was last in the group.
    lost: bool,
    /// Ranks whose turn is known though those of others are not.
    known: Option<BTreeSet<AgentRank>>,
}

impl Mirror {
    pub(crate) fn edit(&mut self, settings: &Settings) {
        let before = std::mem::replace(&mut self.settings, settings.clone());
        for (id, group) in &settings.groups {
            let changed = before.groups.get(id).is_some_and(|old| old.policy != group.policy);
            let joined = self.groups.entry(*id).or_default();
            if changed {
                (joined.lost, joined.known) = (true, Some(BTreeSet::new()));
            }
        }
        let ids: Vec<GroupId> = self.groups.keys().copied().collect();
        for id in ids {
            self.set_members(id);
        }
    }

    /// Everybody the policy allows now.
    pub(crate) fn choice(&self, id: GroupId) -> Option<Choice> {
        let (group, joined) = (self.settings.groups.get(&id)?, self.groups.get(&id)?);
        let eligible = self.eligible(joined);
        let view = View { eligible: &eligible, turns: &joined.turns };
        let mut choice = policy::choose(group.policy, view, &mut Draws::new(0))?;
        let rank = choice.pick.rank;
        let peers = |same: bool| eligible.iter().filter(move |m| !same || m.rank == rank);
        let known = joined.known.as_ref().is_none_or(|known| known.contains(&rank));
        match group.policy {
            Policy::Circular if joined.lost => {
                choice.lawful = peers(false).map(|m| m.agent).collect();
            }
            Policy::AgentPriority if !known => {
                choice.lawful = peers(true).map(|m| m.agent).collect();
            }
            _ => {}
        }
        Some(choice)
    }

    pub(crate) fn seated(&mut self, agent: UserId, charge: u8) {
        *self.load.entry(agent).or_default() += 1;
        self.score.entry(agent).or_default().reserve(charge);
    }

    pub(crate) fn restored(&mut self, agent: UserId) {
        *self.load.entry(agent).or_default() += 1;
    }

    pub(crate) fn turned(&mut self, id: GroupId, agent: UserId) {
        let Some(policy) = self.settings.groups.get(&id).map(|group| group.policy) else { return };
        if !matches!(policy, Policy::Circular | Policy::AgentPriority) {
            return;
        }
        let rank = self.settings.users.get(&agent).map(|user| user.rank).unwrap_or_default();
        let Some(joined) = self.groups.get_mut(&id) else { return };
        let place = joined.members.iter().find(|(_, member)| member.0 == agent);
        if let Some(place) = place.map(|(place, _)| *place) {
            joined.turns.take(place, rank);
        }
        if policy == Policy::Circular {
            (joined.lost, joined.known) = (false, Some(BTreeSet::new()));
        } else {
            joined.lost = true;
            joined.known.as_mut().map(|known| known.insert(rank));
        }
    }

    pub(crate) fn freed(&mut self, agent: UserId, charge: u8, handled: Duration) {
        *self.load.entry(agent).or_default() -= 1;
        self.score.entry(agent).or_default().correct(charge, handled);
    }

    fn set_members(&mut self, id: GroupId) {
        let mut wanted: BTreeMap<UserId, bool> = BTreeMap::new();
        let takes = self.settings.groups.get(&id).is_some_and(|group| group.active);
        for user in self.settings.users.values().filter(|user| user.active) {
            for membership in user.groups.iter().filter(|m| m.group == id) {
                wanted.insert(user.id, takes && membership.receives);
            }
        }
        let Some(joined) = self.groups.get_mut(&id) else { return };
        let before = joined.receivers();
        joined.members.retain(|_, (agent, receives)| match wanted.remove(agent) {
            Some(now) => {
                *receives = now;
                true
            }
            None => false,
        });
        for (agent, receives) in wanted {
            joined.places += 1;
            joined.members.insert(joined.places, (agent, receives));
        }
        let after = joined.receivers();
        let least = self.least(id, before.intersection(&after));
        for come in after.difference(&before) {
            let score = self.score.entry(*come).or_default();
            score.count = score.count.max(least.count);
            score.time = score.time.max(least.time);
        }
    }

    fn least<'a>(&self, id: GroupId, of: impl Iterator<Item = &'a UserId>) -> Score {
        if self.settings.groups.get(&id).is_none_or(|g| g.newcomer == NewcomerScore::Zero) {
            return Score::default();
        }
        let scores: Vec<Score> =
            of.map(|agent| self.score.get(agent).copied().unwrap_or_default()).collect();
        let least = |part: fn(&Score) -> u32| scores.iter().map(part).min().unwrap_or(0);
        Score { count: least(|score| score.count), time: least(|score| score.time) }
    }

    fn eligible(&self, joined: &Joined) -> Vec<Member> {
        let free = |user: &User| {
            let load = self.load.get(&user.id).copied().unwrap_or(0);
            let there = self.presence.get(&user.id) == Some(&Presence::Available);
            user.active && there && load < u32::from(user.cap.get())
        };
        let receivers = joined.members.iter().filter(|(_, (_, receives))| *receives);
        receivers
            .filter_map(|(place, (agent, _))| {
                let user = self.settings.users.get(agent).filter(|user| free(user))?;
                let score = self.score.get(agent).copied().unwrap_or_default();
                Some(Member { agent: *agent, place: *place, rank: user.rank, score })
            })
            .collect()
    }
}

impl Joined {
    fn receivers(&self) -> BTreeSet<UserId> {
        self.members.values().filter(|member| member.1).map(|member| member.0).collect()
    }
}
