//! Typed ids: what cannot be mixed up does not compile.

mod protocol;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use protocol::ProtocolNumber;

/// Why an id was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// A number does not fit in the bits the id gives it.
    #[error("{what} {value} is outside 0..={max}")]
    OutOfRange {
        /// Which part of which id.
        what: &'static str,
        /// The value that was given.
        value: u64,
        /// The greatest lawful value.
        max: u64,
    },
    /// A text form could not be read.
    #[error("`{text}` is not a {what}")]
    Malformed {
        /// Which id was expected.
        what: &'static str,
        /// The text, cut to 64 characters.
        text: String,
    },
}

impl IdError {
    fn malformed(what: &'static str, text: &str) -> Self {
        Self::Malformed { what, text: text.chars().take(64).collect() }
    }
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident, $inner:ty, $what:literal) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.parse().map(Self).map_err(|_| IdError::malformed($what, text))
            }
        }
    };
}

number_id!(
    /// A tenant of the installation; 1 where there is only one.
    TenantId, u32, "tenant id"
);
number_id!(
    /// A set of groups and their agents; the unit that is placed on a shard.
    OperationId, u32, "operation id"
);
number_id!(
    /// A group (department) of agents with one queue and one policy.
    GroupId, u32, "group id"
);
number_id!(
    /// A user of the desk: agent, supervisor or administrator.
    UserId, u32, "user id"
);
number_id!(
    /// One configured account at a provider.
    ChannelId, u32, "channel id"
);

impl TenantId {
    /// The tenant of an installation that has only one.
    pub const ONLY: Self = Self(1);
}

/// A shard: the unit of ownership, 10 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId(u16);

impl ShardId {
    /// The greatest shard number.
    pub const MAX: u16 = (1 << 10) - 1;

    /// A shard by number, at most [`Self::MAX`].
    pub fn new(number: u16) -> Result<Self, IdError> {
        within("shard", u64::from(number), u64::from(Self::MAX)).map(|()| Self(number))
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// A lane of a shard: one worker thread, 6 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneId(u8);

impl LaneId {
    /// The greatest lane number.
    pub const MAX: u8 = (1 << 6) - 1;

    /// The first lane: it also reads `control` and `settings`.
    pub const FIRST: Self = Self(0);

    /// A lane by number, at most [`Self::MAX`].
    pub fn new(number: u8) -> Result<Self, IdError> {
        within("lane", u64::from(number), u64::from(Self::MAX)).map(|()| Self(number))
    }

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// A conversation: 63 bits, shard 10 | lane 6 | counter 47, so its home is in its name.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct ConversationId(u64);

impl ConversationId {
    /// The greatest counter within one lane.
    pub const MAX_COUNTER: u64 = (1 << 47) - 1;

    /// The conversation that lane `lane` of shard `shard` numbered `counter`.
    pub fn new(shard: ShardId, lane: LaneId, counter: u64) -> Result<Self, IdError> {
        within("conversation counter", counter, Self::MAX_COUNTER)?;
        Ok(Self(u64::from(shard.get()) << 53 | u64::from(lane.get()) << 47 | counter))
    }

    /// From the 63-bit number.
    pub fn from_u64(number: u64) -> Result<Self, IdError> {
        within("conversation id", number, (1 << 63) - 1).map(|()| Self(number))
    }

    /// The 63-bit number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The shard it lives on.
    pub const fn shard(self) -> ShardId {
        ShardId((self.0 >> 53) as u16)
    }

    /// The lane it lives in, for life.
    pub const fn lane(self) -> LaneId {
        LaneId((self.0 >> 47 & 0x3f) as u8)
    }

    /// Its number within the lane.
    pub const fn counter(self) -> u64 {
        self.0 & Self::MAX_COUNTER
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ConversationId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let number = text.parse().map_err(|_| IdError::malformed("conversation id", text))?;
        Self::from_u64(number)
    }
}

/// JSON carries ids of more than 53 bits as text: JavaScript numbers would round them.
impl TryFrom<String> for ConversationId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<ConversationId> for String {
    fn from(id: ConversationId) -> Self {
        id.to_string()
    }
}

/// A message's own id, `<conversation id>.<seq>`; travels as the provider's callback datum and
/// comes back in receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    /// The conversation.
    pub conversation: ConversationId,
    /// Its place in the conversation's dense sequence, from 1.
    pub seq: u32,
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.conversation, self.seq)
    }
}

impl FromStr for MessageId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let malformed = || IdError::malformed("message id", text);
        let (conversation, seq) = text.split_once('.').ok_or_else(malformed)?;
        Ok(Self { conversation: conversation.parse()?, seq: seq.parse().map_err(|_| malformed())? })
    }
}

/// A client's id of its own command: repeated commands have one effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub u128);

impl CommandId {
    /// The id of an `Idempotency-Key`, any text of the client's, together with the command it
    /// came with, hashed to 128 bits: a key used for another command gives another id, so that no
    /// command is ever taken for a repeat of a different one.
    pub fn of_key(key: &str, command: &[u8]) -> Self {
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        hasher.update(&(key.len() as u64).to_le_bytes());
        hasher.update(key.as_bytes());
        hasher.update(command);
        Self(hasher.digest128())
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The name of an endpoint in its webhook's path: 1 to 64 of `a-z 0-9 -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EndpointName(String);

impl EndpointName {
    /// Longest lawful name, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EndpointName {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let lawful = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        let fits = (1..=Self::MAX_BYTES).contains(&text.len());
        if fits && text.bytes().all(lawful) {
            return Ok(Self(text.to_owned()));
        }
        Err(IdError::malformed("endpoint name (1 to 64 of a-z 0-9 -)", text))
    }
}

impl TryFrom<String> for EndpointName {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<EndpointName> for String {
    fn from(name: EndpointName) -> Self {
        name.0
    }
}

impl fmt::Display for EndpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn within(what: &'static str, value: u64, max: u64) -> Result<(), IdError> {
    if value > max {
        return Err(IdError::OutOfRange { what, value, max });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_names_its_home() {
        let id = ConversationId::new(ShardId(1023), LaneId(63), ConversationId::MAX_COUNTER);
        assert_eq!(id.map(ConversationId::get), Ok((1 << 63) - 1));
        assert!(ConversationId::new(ShardId(0), LaneId(0), 1 << 47).is_err());
        assert!(ShardId::new(1024).is_err() && LaneId::new(64).is_err());
    }

    #[test]
    fn a_message_id_reads_back() {
        let id: MessageId = "9007199254740993.17".parse().unwrap();
        assert_eq!((id.to_string().as_str(), id.seq), ("9007199254740993.17", 17));
        for bad in ["", "1", "1.", ".1", "1.2.3", "-1.2", "9223372036854775808.1"] {
            assert!(bad.parse::<MessageId>().is_err(), "{bad}");
        }
    }
}
