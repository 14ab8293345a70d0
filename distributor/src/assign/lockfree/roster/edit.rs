use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::desk::Settings;
use model::fold::Score;
use model::id::{GroupId, UserId};
use model::people::{AgentRank, NewcomerScore, User, UserKind};

use super::group::{Described, Group, Position};
use super::names::Names;
use super::{Agent, Layout, Member, Room, Stand, Stands};

/// The next layout, and what it asks of the agents' words.
#[derive(Debug)]
pub(in crate::assign::lockfree) struct Edit {
    pub(in crate::assign::lockfree) layout: Layout,
    /// Groups whose positions are new.
    pub(in crate::assign::lockfree) renewed: Vec<u32>,
    /// Agents, by number.
    pub(in crate::assign::lockfree) changes: Vec<Change>,
    /// Newcomers, and the scores they are raised to.
    pub(in crate::assign::lockfree) raises: Vec<(u32, Score)>,
}

/// What an agent becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::assign::lockfree) struct Change {
    /// His cap, while the settings have him as an agent.
    pub(in crate::assign::lockfree) cap: Option<u8>,
    /// Whether he receives some group's conversations no more.
    pub(in crate::assign::lockfree) left: bool,
}

/// Everybody there is, by number: what is known stays where it is.
struct People {
    agents: Vec<Agent>,
    groups: Vec<GroupId>,
}

impl Edit {
    /// What follows from `settings` on `layout`. Whoever finds no more room is left out.
    pub(in crate::assign::lockfree) fn new(
        layout: &Layout,
        settings: &Settings,
        room: Room,
    ) -> Self {
        let mut people = People::of(layout);
        people.meet(settings, room);
        let users = Names::new(people.agents.iter().enumerate().map(|(n, a)| (a.id.0, n as u32)));
        let names = Names::new(people.groups.iter().enumerate().map(|(n, g)| (g.0, n as u32)));
        let mut changes: Vec<Change> =
            people.agents.iter().map(|a| change(a.id, settings)).collect();
        let mut members = super::members(settings);
        let (mut groups, mut renewed) = (Vec::new(), Vec::new());
        for (number, id) in (0..).zip(&people.groups) {
            let known = layout.groups.get(number as usize);
            let was = known.map(|known| layout.described(known));
            let was = was.unwrap_or_else(|| Described::new(number, *id));
            let wanted = members.remove(id).unwrap_or_default();
            let said = described(&was, settings, wanted, &users);
            match known {
                Some(known) if was == said => groups.push(known.clone()),
                _ => {
                    leave(known, &said, &mut changes);
                    renewed.push(number);
                    groups.push(Arc::new(layout.followed(known, said)));
                }
            }
        }
        let raises = Vec::new();
        let layout = lay_out(people.agents, users, names, groups);
        Self { layout, renewed, changes, raises }
    }

    /// Adds the scores newcomers of the renewed groups are raised to, group by group in order of
    /// their ids, as `score` has the scores by then.
    pub(in crate::assign::lockfree) fn raise(
        &mut self,
        before: &Layout,
        score: impl Fn(u32) -> Score,
    ) {
        let mut scores: BTreeMap<u32, Score> = BTreeMap::new();
        let mut renewed = self.renewed.clone();
        renewed.sort_by_key(|number| self.layout.group(*number).map(|group| group.id));
        for number in renewed {
            let Some(group) = self.layout.group(number) else { continue };
            let stayed = receivers(before.groups.get(number as usize));
            let now = |agent: &u32| scores.get(agent).copied().unwrap_or_else(|| score(*agent));
            let (old, new): (Vec<u32>, Vec<u32>) =
                group.order.iter().map(|p| p.agent).partition(|agent| stayed.contains(agent));
            let least = least(group.newcomer, old.iter().map(now));
            let new: Vec<(u32, Score)> = new.iter().map(|agent| (*agent, now(agent))).collect();
            for (agent, score) in new {
                let raised =
                    Score { count: score.count.max(least.count), time: score.time.max(least.time) };
                scores.insert(agent, raised);
            }
        }
        self.raises = scores.into_iter().collect();
    }
}

impl Layout {
    /// This layout and an agent the settings do not know yet.
    pub(in crate::assign::lockfree) fn with_agent(&self, id: UserId, room: Room) -> Option<Self> {
        let mut people = People::of(self);
        people.agent(id, room).then(|| self.with(people))
    }

    /// This layout and a group the settings do not know yet.
    pub(in crate::assign::lockfree) fn with_group(&self, id: GroupId, room: Room) -> Option<Self> {
        let mut people = People::of(self);
        people.group(id, room).then(|| self.with(people))
    }

    /// This layout with the turns of its groups set; for a core that starts anew.
    pub(in crate::assign::lockfree) fn with_turns(&self, last: &BTreeMap<GroupId, UserId>) -> Self {
        let groups = self.groups.iter().map(|group| {
            let mut turns = group.turns(|agent| self.rank(agent));
            let said = self.described(group);
            let had = last.get(&group.id);
            let Some(member) = said.members.iter().find(|m| Some(&m.id) == had) else {
                return group.clone();
            };
            turns.take(member.place, member.rank);
            Arc::new(Group::new(said, turns))
        });
        let (users, names) = (self.users.clone(), self.group_names.clone());
        lay_out(self.agents.clone(), users, names, groups.collect())
    }

    fn with(&self, people: People) -> Self {
        let users = Names::new(people.agents.iter().enumerate().map(|(n, a)| (a.id.0, n as u32)));
        let names = Names::new(people.groups.iter().enumerate().map(|(n, g)| (g.0, n as u32)));
        let groups = (0..).zip(&people.groups).map(|(number, id)| {
            let known = self.groups.get(number as usize).cloned();
            known.unwrap_or_else(|| Arc::new(Group::unknown(number, *id)))
        });
        let groups = groups.collect();
        lay_out(people.agents, users, names, groups)
    }

    /// `said`, going on where a group of this layout stands.
    fn followed(&self, known: Option<&Arc<Group>>, said: Described) -> Group {
        let turns = known.map(|known| known.turns(|agent| self.rank(agent)));
        let group = Group::new(said, turns.unwrap_or_default());
        if let Some(known) = known {
            group.mean.go_on(&known.mean);
        }
        group
    }

    /// A group of this layout, as it was described.
    fn described(&self, group: &Group) -> Described {
        let member = |(at, receives): (Position, bool)| {
            let known = self.agent(at.agent)?;
            let (id, rank) = (known.id, known.rank);
            Some(Member { agent: at.agent, id, place: at.place, rank, receives })
        };
        let members = group.members().into_iter().filter_map(member).collect();
        let Group { number, id, policy, newcomer, places, .. } = *group;
        Described { number, id, policy, newcomer, members, places }
    }

    /// The rank of an agent, by number.
    pub(in crate::assign::lockfree) fn rank(&self, agent: u32) -> AgentRank {
        self.agent(agent).map(|known| known.rank).unwrap_or_default()
    }
}

impl People {
    fn of(layout: &Layout) -> Self {
        let groups = layout.groups.iter().map(|group| group.id).collect();
        Self { agents: layout.agents.clone(), groups }
    }

    /// Adds everybody of `settings` who is not known, and learns the homes of all.
    fn meet(&mut self, settings: &Settings, room: Room) {
        let known: BTreeSet<UserId> = self.agents.iter().map(|agent| agent.id).collect();
        let mut groups: BTreeSet<GroupId> = self.groups.iter().copied().collect();
        for id in settings.groups.keys() {
            if groups.insert(*id) {
                self.group(*id, room);
            }
        }
        for user in settings.users.values().filter(|user| serves(user)) {
            if !known.contains(&user.id) {
                self.agent(user.id, room);
            }
            let home = user.groups.first().map(|membership| membership.group);
            if let Some(home) = home.filter(|home| groups.insert(*home)) {
                self.group(home, room);
            }
        }
        let numbers: BTreeMap<GroupId, u32> = self.groups.iter().copied().zip(0..).collect();
        for agent in &mut self.agents {
            let user = settings.users.get(&agent.id).filter(|user| serves(user));
            let home = user.and_then(|user| numbers.get(&user.groups.first()?.group));
            agent.home = home.map_or(agent.home, |home| Room::narrow(*home));
            agent.rank = user.map_or(agent.rank, |user| user.rank);
        }
    }

    fn agent(&mut self, id: UserId, room: Room) -> bool {
        let fits = self.agents.len() < room.agents;
        if fits {
            self.agents.push(Agent::new(id));
        } else {
            tracing::error!(agent = id.0, room = room.agents, "no room for another agent");
        }
        fits
    }

    fn group(&mut self, id: GroupId, room: Room) -> bool {
        let fits = self.groups.len() < room.nowhere() as usize;
        if fits {
            self.groups.push(id);
        } else {
            tracing::error!(group = id.0, room = room.nowhere(), "no room for another group");
        }
        fits
    }
}

/// Whether a user is an agent at all.
pub(super) fn serves(user: &User) -> bool {
    user.active && matches!(user.kind, UserKind::Agent | UserKind::SupervisorAgent)
}

fn change(id: UserId, settings: &Settings) -> Change {
    let user = settings.users.get(&id).filter(|user| serves(user));
    Change { cap: user.map(|user| user.cap.get()), left: false }
}

/// A group as the settings have it: who stays keeps his place, newcomers take the last places in
/// order of their ids.
fn described(
    was: &Described,
    settings: &Settings,
    mut wanted: BTreeMap<UserId, bool>,
    users: &Names,
) -> Described {
    let rank = |id| settings.users.get(&id).map(|user| user.rank).unwrap_or_default();
    let said = settings.groups.get(&was.id).map(|group| (group.policy, group.newcomer));
    let (policy, newcomer) = said.unwrap_or((was.policy, was.newcomer));
    let mut places = was.places;
    let stay = |member: &Member| {
        let receives = wanted.remove(&member.id)?;
        Some(Member { receives, rank: rank(member.id), ..*member })
    };
    let mut members: Vec<Member> = was.members.iter().filter_map(stay).collect();
    for (id, receives) in wanted {
        let Some(agent) = users.get(id.0) else { continue };
        places += 1;
        members.push(Member { agent, id, place: places, rank: rank(id), receives });
    }
    Described { number: was.number, id: was.id, policy, newcomer, members, places }
}

fn receivers(group: Option<&Arc<Group>>) -> BTreeSet<u32> {
    group.into_iter().flat_map(|group| group.order.iter().map(|p| p.agent)).collect()
}

fn leave(known: Option<&Arc<Group>>, said: &Described, changes: &mut [Change]) {
    let stay: BTreeSet<u32> = said.members.iter().filter(|m| m.receives).map(|m| m.agent).collect();
    for gone in receivers(known).difference(&stay) {
        if let Some(change) = changes.get_mut(*gone as usize) {
            change.left = true;
        }
    }
}

fn least(newcomer: NewcomerScore, scores: impl Iterator<Item = Score>) -> Score {
    if newcomer == NewcomerScore::Zero {
        return Score::default();
    }
    let lower =
        |a: Score, b: Score| Score { count: a.count.min(b.count), time: a.time.min(b.time) };
    scores.reduce(lower).unwrap_or_default()
}

fn lay_out(
    mut agents: Vec<Agent>,
    users: Names,
    group_names: Names,
    groups: Vec<Arc<Group>>,
) -> Layout {
    let mut of_agent: Vec<Vec<Stand>> = vec![Vec::new(); agents.len()];
    for (group, known) in (0..).zip(&groups) {
        for (position, at) in (0..).zip(&known.order) {
            if let Some(stands) = of_agent.get_mut(at.agent as usize) {
                stands.push(Stand::new(group, position));
            }
        }
    }
    let mut stands = Vec::new();
    for (agent, of_agent) in agents.iter_mut().zip(&of_agent) {
        agent.stands = match of_agent.as_slice() {
            [stand] => Stands::One(*stand),
            several => {
                let (count, first) = (several.len() as u16, stands.len() as u32);
                stands.extend(several);
                Stands::Several { count, first }
            }
        };
    }
    stands.shrink_to_fit();
    let goes_by_score = groups.iter().any(|group| group.eligible.goes_by_score());
    Layout { users, group_names, groups, agents, stands, goes_by_score }
}
