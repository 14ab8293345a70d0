//! Where a record belongs: tenant, shard, lane, and the partition function.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use crate::id::{ChannelId, ConversationId, IdError, LaneId, ShardId};

/// How many shards and lanes an installation has; fixed for its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Place {
    shards: u16,
    lanes: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    shards: u16,
    lanes: u8,
}

/// A partition of `inbound` or `commands`: shard × lanes + lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LanePartition(u32);

impl LanePartition {
    /// The partition's number.
    pub const fn index(self) -> u32 {
        self.0
    }
}

impl Place {
    /// `shards` of 1..=1024 and `lanes` of 1..=64.
    pub fn new(shards: u16, lanes: u8) -> Result<Self, IdError> {
        let last_shard = shards.checked_sub(1).ok_or_else(|| zero("shards"))?;
        let last_lane = lanes.checked_sub(1).ok_or_else(|| zero("lanes"))?;
        ShardId::new(last_shard)?;
        LaneId::new(last_lane)?;
        Ok(Self { shards, lanes })
    }

    /// The number of shards.
    pub const fn shards(self) -> u16 {
        self.shards
    }

    /// The number of lanes of each shard.
    pub const fn lanes(self) -> u8 {
        self.lanes
    }

    /// Every shard, in order.
    pub fn each_shard(self) -> impl Iterator<Item = ShardId> {
        (0..self.shards).filter_map(|n| ShardId::new(n).ok())
    }

    /// Every lane of a shard, in order.
    pub fn each_lane(self) -> impl Iterator<Item = LaneId> {
        (0..self.lanes).filter_map(|n| LaneId::new(n).ok())
    }

    /// The partition of one lane.
    pub fn of_lane(self, shard: ShardId, lane: LaneId) -> LanePartition {
        LanePartition(u32::from(shard.get()) * u32::from(self.lanes) + u32::from(lane.get()))
    }

    /// The partition of a record that names a conversation: the conversation's home.
    pub fn of_conversation(self, conversation: ConversationId) -> LanePartition {
        self.of_lane(conversation.shard(), conversation.lane())
    }

    /// The partition of a record that names only a contact's canonical address: xxh3 over the
    /// channel's id (4 bytes, big-endian), a zero byte and the address, mod lanes.
    pub fn of_address(self, shard: ShardId, channel: ChannelId, address: &str) -> LanePartition {
        let mut hash = Xxh3::new();
        hash.update(&channel.0.to_be_bytes());
        hash.update(&[0]);
        hash.update(address.as_bytes());
        let lane = hash.digest() % u64::from(self.lanes);
        LanePartition(u32::from(shard.get()) * u32::from(self.lanes) + lane as u32)
    }
}

impl TryFrom<Unchecked> for Place {
    type Error = IdError;

    fn try_from(read: Unchecked) -> Result<Self, IdError> {
        Self::new(read.shards, read.lanes)
    }
}

fn zero(what: &'static str) -> IdError {
    IdError::OutOfRange { what, value: 0, max: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors for whoever writes to `inbound` from outside: channel, canonical address, the xxh3
    /// hash (64 bits, seed 0) of the channel's 4 bytes big-endian, a zero byte and the address in
    /// UTF-8, then how many lanes, and the lane. Checked against the C implementation of xxHash.
    /// Fixed for ever: a changed value would send a contact's next message to another lane.
    const VECTORS: [(u32, &str, u64, u8, u32); 6] = [
        (1, "5511987654321", 0x3345_0fd8_6b56_f12c, 2, 0),
        (1, "5511987654322", 0x38ed_b867_b622_2cfe, 7, 3),
        (7, "US.13491208655302741918", 0x5075_1cb2_dfd6_da28, 64, 40),
        (4_000_000_000, "", 0x2207_ed98_5c13_8122, 64, 34),
        (3, "maria@example.com", 0x221c_9318_531b_17f1, 5, 2),
        (2, "joão@exemplo.com.br", 0x27cf_c550_f855_4b8a, 8, 2),
    ];

    #[test]
    fn the_partition_function_keeps_its_vectors() {
        for (channel, address, hash, lanes, lane) in VECTORS {
            let place = Place::new(4, lanes).unwrap();
            let partition = |shard| place.of_address(shard, ChannelId(channel), address).index();
            assert_eq!((hash % u64::from(lanes)) as u32, lane, "{address}");
            assert_eq!(partition(ShardId::default()), lane, "{address}");
            let last = ShardId::new(3).unwrap();
            assert_eq!(partition(last), 3 * u32::from(lanes) + lane, "{address}");
        }
    }

    #[test]
    fn a_conversation_goes_to_the_lane_in_its_name() {
        let place = Place::new(4, 3).unwrap();
        for (shard, lane) in place.each_shard().flat_map(|s| place.each_lane().map(move |l| (s, l)))
        {
            let id = ConversationId::new(shard, lane, 7).unwrap();
            assert_eq!(place.of_conversation(id), place.of_lane(shard, lane));
        }
        let all = place.each_shard().count() * place.each_lane().count();
        assert_eq!(all, 12);
    }

    #[test]
    fn a_place_read_from_a_file_is_checked_too() {
        let read = |text| serde_json::from_str::<Place>(text);
        assert_eq!(read(r#"{"shards":4,"lanes":2}"#).unwrap(), Place::new(4, 2).unwrap());
        for bad in [r#"{"shards":0,"lanes":2}"#, r#"{"shards":4,"lanes":65}"#, r#"{"shards":4}"#] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn nothing_is_placed_outside_its_shard() {
        let place = Place::new(4, 3).unwrap();
        let shard = ShardId::new(2).unwrap();
        for n in 0..1_000 {
            let index = place.of_address(shard, ChannelId(n), &n.to_string()).index();
            assert!((6..9).contains(&index));
        }
        assert!(Place::new(0, 1).is_err() && Place::new(1, 0).is_err());
        assert!(Place::new(1025, 1).is_err() && Place::new(1, 65).is_err());
    }
}
