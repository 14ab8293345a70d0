use serde::{Deserialize, Serialize};

use crate::id::{OperationId, ShardId};

/// A set of groups and their agents. Agents, channels and groups belong to exactly one, and
/// transfers stay inside it; so it is what a shard owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// Version of the entity, 1 at creation, then + 1 each.
    pub version: u64,
    /// Its name.
    pub name: String,
    /// The shard it lives on, fixed at creation.
    pub shard: ShardId,
    /// IANA name of its time zone, for protocol numbers and the operation's day.
    pub zone: String,
}

impl Serialize for ShardId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(self.get())
    }
}

impl<'de> Deserialize<'de> for ShardId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u16::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
