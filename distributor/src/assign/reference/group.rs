use std::collections::BTreeMap;

use model::id::UserId;
use model::people::{NewcomerScore, Policy};

use crate::assign::policy::Turns;

/// A group, as the core knows it. One nobody has described yet has no members.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) policy: Policy,
    pub(super) newcomer: NewcomerScore,
    /// Members by their place in join order.
    pub(super) members: BTreeMap<u64, Membership>,
    /// Whose turn it was last.
    pub(super) turns: Turns,
    places: u64,
}

/// A member of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Membership {
    pub(super) agent: UserId,
    /// Whether the group's conversations may be assigned to him now.
    pub(super) receives: bool,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            policy: Policy::Circular,
            newcomer: NewcomerScore::default(),
            members: BTreeMap::new(),
            turns: Turns::default(),
            places: 0,
        }
    }
}

impl Group {
    /// Makes the members exactly `wanted`, each with whether he receives. Who stays keeps his
    /// place; newcomers take the last places, in order of their ids.
    pub(super) fn set_members(&mut self, mut wanted: BTreeMap<UserId, bool>) {
        self.members.retain(|_, member| match wanted.remove(&member.agent) {
            Some(receives) => {
                member.receives = receives;
                true
            }
            None => false,
        });
        for (agent, receives) in wanted {
            self.places += 1;
            self.members.insert(self.places, Membership { agent, receives });
        }
    }

    /// Members to whom conversations may be assigned, in join order.
    pub(super) fn receivers(&self) -> impl Iterator<Item = UserId> {
        self.members.values().filter(|member| member.receives).map(|member| member.agent)
    }

    /// A member's place.
    pub(super) fn place_of(&self, agent: UserId) -> Option<u64> {
        self.members.iter().find(|(_, member)| member.agent == agent).map(|(place, _)| *place)
    }
}
