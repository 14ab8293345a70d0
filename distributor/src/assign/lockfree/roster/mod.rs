//! Who is where: groups with their members, and the lines each agent serves. A layout never
//! changes; the next one replaces it as a whole. Groups that stay as they are, bits and cursors
//! included, are carried over.

mod edit;
mod group;
mod mean;
mod names;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::LocalKey;

use model::desk::Settings;
use model::id::{GroupId, UserId};
use model::people::AgentRank;

pub(super) use edit::{Change, Edit};
use group::Member;
pub(super) use group::{Group, Position, next_of, turn_of};
pub(super) use mean::Mean;
use names::Names;

use super::slot::LineId;
use crate::assign::shim::{Edition, Kept};

/// The roster in force.
#[derive(Debug, Default)]
pub(super) struct Layout {
    users: Names,
    group_names: Names,
    groups: Vec<Arc<Group>>,
    agents: Vec<Agent>,
    /// The places of agents who have several, one agent's after another's.
    stands: Vec<Stand>,
    goes_by_score: bool,
}

/// What the layout has of an agent: sixteen bytes, for with many agents nothing costs as much as
/// another cache line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Agent {
    pub(super) id: UserId,
    pub(super) rank: AgentRank,
    home: u16,
    stands: Stands,
}

/// The places of one agent.
#[derive(Clone, Copy, Debug)]
enum Stands {
    One(Stand),
    /// Those of the layout's list from `first` on.
    Several {
        count: u16,
        first: u32,
    },
}

/// One agent's place in one group whose conversations he receives. Packed: there are as many as
/// agents times their groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(Rust, packed(2))]
pub(super) struct Stand {
    group: u16,
    position: u32,
}

/// How many of each a core has room for; the last group's line is that of all that find none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) agents: usize,
    pub(super) groups: usize,
}

thread_local! {
    static KEPT: Cell<Option<Arc<Edition<Layout>>>> = const { Cell::new(None) };
}

impl Kept for Layout {
    fn kept() -> &'static LocalKey<Cell<Option<Arc<Edition<Self>>>>> {
        &KEPT
    }
}

impl Layout {
    #[inline]
    pub(super) fn agent_named(&self, user: UserId) -> Option<u32> {
        self.users.get(user.0)
    }

    #[inline]
    pub(super) fn group_named(&self, group: GroupId) -> Option<u32> {
        self.group_names.get(group.0)
    }

    #[inline]
    pub(super) fn group(&self, number: u32) -> Option<&Group> {
        Some(self.groups.get(number as usize)?)
    }

    /// A group, to be kept: who has it can tell whether the one in force is still the same.
    pub(super) fn shared(&self, number: u32) -> Option<&Arc<Group>> {
        self.groups.get(number as usize)
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = (u32, &Group)> {
        (0..).zip(self.groups.iter().map(|group| &**group))
    }

    #[inline]
    pub(super) fn agent(&self, number: u32) -> Option<&Agent> {
        self.agents.get(number as usize)
    }

    /// Whether another agent finds room.
    pub(super) fn has_room_for_agent(&self, room: Room) -> bool {
        self.agents.len() < room.agents
    }

    /// Whether another group finds room.
    pub(super) fn has_room_for_group(&self, room: Room) -> bool {
        self.groups.len() < room.nowhere() as usize
    }

    pub(super) fn agents(&self) -> impl Iterator<Item = (u32, &Agent)> {
        (0..).zip(&self.agents)
    }

    /// Whether there is a group that searches by score.
    #[inline]
    pub(super) fn goes_by_score(&self) -> bool {
        self.goes_by_score
    }

    /// The places of an agent.
    #[inline]
    pub(super) fn stands(&self, agent: u32) -> &[Stand] {
        match self.agent(agent).map(|known| &known.stands) {
            Some(Stands::One(stand)) => std::slice::from_ref(stand),
            Some(Stands::Several { count, first }) => {
                let (first, count) = (*first as usize, usize::from(*count));
                self.stands.get(first..first + count).unwrap_or_default()
            }
            None => &[],
        }
    }

    /// An agent's place in a group, while he receives its conversations.
    pub(super) fn stand(&self, agent: u32, group: u32) -> Option<Stand> {
        self.stands(agent).iter().find(|stand| stand.group() == group).copied()
    }
}

impl Agent {
    const HOMELESS: u16 = u16::MAX;

    /// An agent with no place yet.
    fn new(id: UserId) -> Self {
        let (rank, stands) = (AgentRank::default(), Stands::Several { count: 0, first: 0 });
        Self { id, rank, home: Self::HOMELESS, stands }
    }

    /// The group that stands for him where none is named.
    pub(super) fn home(&self) -> Option<u32> {
        (self.home != Self::HOMELESS).then_some(u32::from(self.home))
    }
}

impl Stand {
    fn new(group: u32, position: u32) -> Self {
        Self { group: Room::narrow(group), position }
    }

    #[inline]
    pub(super) fn group(self) -> u32 {
        u32::from(self.group)
    }

    /// The number of his bit.
    #[inline]
    pub(super) fn position(self) -> usize {
        self.position as usize
    }
}

impl Room {
    /// The number of a group in sixteen bits.
    fn narrow(group: u32) -> u16 {
        u16::try_from(group).unwrap_or(u16::MAX)
    }

    /// The number of lines: one of each agent, and one of each group.
    pub(super) fn lines(self) -> usize {
        self.agents + self.groups
    }

    /// The number that stands for every group without room: no layout has such a group.
    pub(super) fn nowhere(self) -> u32 {
        self.groups as u32 - 1
    }

    /// An agent's own line.
    #[inline]
    pub(super) fn own(agent: u32) -> LineId {
        LineId(agent)
    }

    /// A group's queue.
    #[inline]
    pub(super) fn queue(self, group: u32) -> LineId {
        LineId(self.agents as u32 + group)
    }

    /// Whose line it is: an agent's own, or else a group's.
    #[inline]
    pub(super) fn whose(self, line: LineId) -> Result<u32, u32> {
        line.0.checked_sub(self.agents as u32).map_or(Ok(line.0), Err)
    }
}

/// The members of each group as the settings have them, and whether they receive now. A group that
/// is not active has nobody who receives.
fn members(settings: &Settings) -> BTreeMap<GroupId, BTreeMap<UserId, bool>> {
    let mut members: BTreeMap<GroupId, BTreeMap<UserId, bool>> = BTreeMap::new();
    for user in settings.users.values().filter(|user| edit::serves(user)) {
        for membership in &user.groups {
            let takes = settings.groups.get(&membership.group).is_some_and(|group| group.active);
            let of_group = members.entry(membership.group).or_default();
            of_group.insert(user.id, takes && membership.receives);
        }
    }
    members
}

#[cfg(all(test, not(chasqui_loom)))]
mod tests {
    use std::time::Duration;

    use model::id::OperationId;
    use model::people::{
        Cap, Group as Said, GroupRules, Membership, NewcomerScore, Policy, User, UserKind,
    };

    use super::*;
    use crate::assign::lockfree::index::Index;

    /// So many circular groups, and agents who are in all of them.
    fn layout(agents: u32, groups: u32) -> Layout {
        let operation = OperationId(1);
        let group = |id| Said {
            id: GroupId(id),
            version: 1,
            operation,
            name: String::new(),
            active: true,
            policy: Policy::Circular,
            newcomer: NewcomerScore::Zero,
            head_start: Duration::ZERO,
            rules: GroupRules::default(),
        };
        let membership = |id| Membership { group: GroupId(id), receives: true };
        let user = |id| User {
            id: UserId(id),
            version: 1,
            operation,
            login: String::new(),
            name: String::new(),
            kind: UserKind::Agent,
            active: true,
            groups: (1..=groups).map(membership).collect(),
            cap: Cap::default(),
            rank: AgentRank(0),
        };
        let settings = Settings {
            groups: (1..=groups).map(|id| (GroupId(id), group(id))).collect(),
            users: (1..=agents).map(|id| (UserId(id), user(id))).collect(),
            ..Settings::default()
        };
        Edit::new(&Layout::default(), &settings, Room { agents: 1 << 17, groups: 100 }).layout
    }

    #[test]
    fn an_agent_costs_under_sixteen_bytes_in_each_group() {
        let layout = layout(10_000, 3);
        let bytes = |group: &Group| {
            let Index::Flat(bits) = &group.eligible else { panic!("a circular group has bits") };
            let words: usize = (0..bits.heights()).map(|level| bits.words_of(level)).sum();
            size_of_val(&*group.order) + size_of_val(group.silent()) + 8 * words
        };
        let groups: usize = layout.groups().map(|(_, group)| bytes(group)).sum();
        let stands = layout.stands.capacity() * size_of::<Stand>();
        let each = (groups + stands) as f64 / f64::from(3 * 10_000);
        assert!((14.0..14.2).contains(&each), "{each} bytes for an agent in a group");
        assert_eq!(size_of::<Agent>(), 16);
    }

    #[test]
    fn an_agent_stands_where_his_groups_have_him() {
        let layout = layout(5, 3);
        for agent in 0..5 {
            for group in 0..3 {
                let stand = layout.stand(agent, group).unwrap();
                let at = layout.group(group).unwrap().position(stand.position()).unwrap();
                assert_eq!((stand.group(), at.agent), (group, agent));
            }
            assert_eq!(layout.stands(agent).len(), 3);
        }
    }
}
