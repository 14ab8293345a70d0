use std::collections::{BTreeMap, BTreeSet};

use model::desk::Settings;
use model::fold::Score;
use model::id::{GroupId, UserId};
use model::people::{NewcomerScore, User, UserKind};

use super::agent::Agent;
use super::group::Group;
use super::waitlist::Line;
use crate::assign::policy::Member;

/// Agents and groups. Neither is ever forgotten: settings only deactivate, and an agent who was
/// removed keeps his seats until they are freed.
#[derive(Debug, Default)]
pub(super) struct Roster {
    pub(super) agents: BTreeMap<UserId, Agent>,
    pub(super) groups: BTreeMap<GroupId, Group>,
}

impl Roster {
    /// Units of 16 s a conversation lasts at least: each is rounded up.
    const LEAST_UNITS: u64 = 1;

    /// Puts `settings` in force. A group that is not active has nobody who receives.
    pub(super) fn edit(&mut self, settings: &Settings) {
        let users: BTreeMap<UserId, &User> =
            settings.users.values().filter(|user| serves(user)).map(|u| (u.id, u)).collect();
        for id in users.keys() {
            self.agents.entry(*id).or_default();
        }
        for (id, agent) in &mut self.agents {
            agent.describe(users.get(id).copied());
        }
        for (id, group) in &settings.groups {
            let known = self.groups.entry(*id).or_default();
            (known.policy, known.newcomer) = (group.policy, group.newcomer);
        }
        let mut members = members(settings, &users);
        let known: Vec<GroupId> = self.groups.keys().copied().collect();
        for group in known {
            self.set_members(group, members.remove(&group).unwrap_or_default());
        }
    }

    /// The lines an agent serves: his own and those of his groups.
    pub(super) fn lines_of(&self, agent: UserId) -> BTreeSet<Line> {
        let groups = self.agents.get(&agent).into_iter().flat_map(|a| &a.groups);
        groups.map(|group| Line::Group(*group)).chain([Line::Own(agent)]).collect()
    }

    /// Members of a group who may be reserved now, in join order.
    pub(super) fn eligible(&self, group: GroupId) -> Vec<Member> {
        let Some(group) = self.groups.get(&group) else { return Vec::new() };
        let receivers = group.members.iter().filter(|(_, member)| member.receives);
        receivers
            .filter_map(|(place, member)| {
                let agent = self.agents.get(&member.agent)?;
                let eligible = agent.refusal().is_none();
                let (rank, score) = (agent.rank, agent.score);
                eligible.then_some(Member { agent: member.agent, place: *place, rank, score })
            })
            .collect()
    }

    /// Whether anybody who serves `line` may be reserved now.
    pub(super) fn serves_now(&self, line: Line) -> bool {
        let eligible =
            |agent: UserId| self.agents.get(&agent).is_some_and(|a| a.refusal().is_none());
        match line {
            Line::Own(agent) => eligible(agent),
            Line::Group(group) => {
                self.groups.get(&group).is_some_and(|group| group.receivers().any(eligible))
            }
        }
    }

    /// The group's mean, in units of 16 s: service time by conversations in the window of those
    /// who receive, open chats at their charge; 1 to 255, rounded up.
    pub(super) fn mean_units(&self, group: GroupId) -> u8 {
        let scores = self.scores(group);
        let time: u64 = scores.iter().map(|score| u64::from(score.time)).sum();
        let count: u64 = scores.iter().map(|score| u64::from(score.count)).sum();
        let mean = time.div_ceil(count.max(1)).max(Self::LEAST_UNITS);
        u8::try_from(mean).unwrap_or(u8::MAX)
    }

    fn scores(&self, group: GroupId) -> Vec<Score> {
        let receivers = self.groups.get(&group).into_iter().flat_map(Group::receivers);
        receivers.filter_map(|agent| Some(self.agents.get(&agent)?.score)).collect()
    }

    fn set_members(&mut self, id: GroupId, wanted: BTreeMap<UserId, bool>) {
        let Some(group) = self.groups.get(&id) else { return };
        let before: BTreeSet<UserId> = group.receivers().collect();
        let after: BTreeSet<UserId> =
            wanted.iter().filter(|(_, receives)| **receives).map(|(agent, _)| *agent).collect();
        for gone in before.difference(&after) {
            self.leave(*gone, id);
        }
        let minimum = self.newcomer_score(id, before.intersection(&after));
        for come in after.difference(&before) {
            self.join(*come, id, minimum);
        }
        if let Some(group) = self.groups.get_mut(&id) {
            group.set_members(wanted);
        }
    }

    fn leave(&mut self, agent: UserId, group: GroupId) {
        if let Some(agent) = self.agents.get_mut(&agent) {
            agent.groups.remove(&group);
            agent.bump();
        }
    }

    /// A newcomer's count and time are each raised to `minimum`, never lowered.
    fn join(&mut self, agent: UserId, group: GroupId, minimum: Score) {
        let agent = self.agents.entry(agent).or_default();
        agent.groups.insert(group);
        agent.score.count = agent.score.count.max(minimum.count);
        agent.score.time = agent.score.time.max(minimum.time);
    }

    fn newcomer_score<'a>(
        &self,
        group: GroupId,
        members: impl Iterator<Item = &'a UserId>,
    ) -> Score {
        let from_zero = |group: &Group| group.newcomer == NewcomerScore::Zero;
        if self.groups.get(&group).is_none_or(from_zero) {
            return Score::default();
        }
        let scores: Vec<Score> =
            members.filter_map(|agent| Some(self.agents.get(agent)?.score)).collect();
        let least = |of: fn(&Score) -> u32| scores.iter().map(of).min().unwrap_or(0);
        Score { count: least(|score| score.count), time: least(|score| score.time) }
    }
}

fn serves(user: &User) -> bool {
    user.active && matches!(user.kind, UserKind::Agent | UserKind::SupervisorAgent)
}

/// The members of each group, and whether they receive now.
fn members(
    settings: &Settings,
    users: &BTreeMap<UserId, &User>,
) -> BTreeMap<GroupId, BTreeMap<UserId, bool>> {
    let mut members: BTreeMap<GroupId, BTreeMap<UserId, bool>> = BTreeMap::new();
    for (id, user) in users {
        for membership in &user.groups {
            let takes = settings.groups.get(&membership.group).is_some_and(|group| group.active);
            let receives = takes && membership.receives;
            members.entry(membership.group).or_default().insert(*id, receives);
        }
    }
    members
}
