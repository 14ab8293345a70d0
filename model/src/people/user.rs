use serde::{Deserialize, Serialize};

use crate::id::{GroupId, OperationId, UserId};
use crate::limit;

/// A person at the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Version of the entity, 1 at creation, then + 1 each.
    pub version: u64,
    /// The operation the user works in.
    pub operation: OperationId,
    /// What the user types to log in, unique in the installation.
    pub login: String,
    /// The name colleagues see.
    pub name: String,
    /// What the user may do.
    pub kind: UserKind,
    /// Whether the user may log in.
    pub active: bool,
    /// The groups the user is a member of, in the order joined.
    pub groups: Vec<Membership>,
    /// The most conversations the user holds at once.
    pub cap: Cap,
    /// Higher is chosen first under agent-priority.
    pub rank: AgentRank,
}

/// A user's place in one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The group.
    pub group: GroupId,
    /// Whether the group's conversations may be assigned to the user.
    pub receives: bool,
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserKind {
    /// Answers conversations.
    Agent,
    /// Watches groups, reassigns.
    Supervisor,
    /// Both.
    SupervisorAgent,
    /// Changes settings.
    Administrator,
}

/// The most conversations an agent holds at once: 0 to 80, 0 means none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Cap(u8);

/// A cap outside 0 to 80.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a cap of {0} is outside 0..=80")]
pub struct CapError(pub u32);

impl Cap {
    /// A cap of at most [`limit::CAP`].
    pub fn new(cap: u32) -> Result<Self, CapError> {
        match u8::try_from(cap) {
            Ok(small) if small <= limit::CAP => Ok(Self(small)),
            _ => Err(CapError(cap)),
        }
    }

    /// The number of conversations.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Cap {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u32::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// How early an agent is chosen under agent-priority; higher first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct AgentRank(pub u16);

/// Whether an agent is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// Receives conversations.
    Available,
    /// There, but receives none.
    Paused,
    /// Not there.
    #[default]
    Offline,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_is_0_to_80_wherever_it_comes_from() {
        assert_eq!([0, 80].map(|n| Cap::new(n).map(Cap::get)), [Ok(0), Ok(80)]);
        for wrong in [81, 256, 300, u32::MAX] {
            assert_eq!(Cap::new(wrong), Err(CapError(wrong)));
            assert!(serde_json::from_str::<Cap>(&wrong.to_string()).is_err());
        }
        assert_eq!(serde_json::from_str::<Cap>("7").unwrap(), Cap::new(7).unwrap());
    }
}
