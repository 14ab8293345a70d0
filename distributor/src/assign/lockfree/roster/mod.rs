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

pub(super) use edit::{Change, Edit};
use group::Member;
pub(super) use group::{Group, next_of, turn_of};
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
    /// The places of all agents, one agent's after another's.
    stands: Vec<Stand>,
    goes_by_score: bool,
}

/// What the layout has of an agent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Agent {
    pub(super) id: UserId,
    /// The group that stands for him where none is named.
    pub(super) home: Option<u32>,
    /// His places: first and end.
    stands: (u32, u32),
}

/// One agent's place in one group whose conversations he receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stand {
    pub(super) group: u32,
    /// His bit.
    pub(super) position: u32,
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
        let places = self.agent(agent).map(|known| known.stands);
        let places = places.and_then(|(first, end)| self.stands.get(first as usize..end as usize));
        places.unwrap_or_default()
    }

    /// An agent's place in a group, while he receives its conversations.
    pub(super) fn stand(&self, agent: u32, group: u32) -> Option<Stand> {
        self.stands(agent).iter().find(|stand| stand.group == group).copied()
    }
}

impl Room {
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
