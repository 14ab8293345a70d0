//! Bytes of rows: what an engine that stores bytes writes for each row.
//!
//! A row is a version byte, then a protobuf message of that version. Keys are the engine's affair
//! and not repeated in the row. Bodies of entries are the model's own bytes
//! ([`model::desk::wire::encode_content`], [`model::desk::wire::encode_event`]) and not looked into.

use bytes::Bytes;
use model::id::{ChannelId, ConversationId, GroupId, MessageId, UserId};
use model::service::{Author, ConversationState, ReceiptStatus};
use model::time::Timestamp;
use prost::Message;

use crate::port::{ConversationRow, EntryKind, EntryRow, Position, ReceiptRow, Row};

/// Why bytes are not a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// There is no byte at all.
    #[error("the row is empty")]
    Empty,
    /// It was written by another version.
    #[error("the row is of version {0}, this version reads {VERSION}")]
    Version(u8),
    /// It is no message of its version.
    #[error("{0}")]
    Malformed(#[from] prost::DecodeError),
    /// A number in it means nothing.
    #[error("{what} {value} means nothing")]
    Meaningless {
        /// Which number.
        what: &'static str,
        /// Its value.
        value: u32,
    },
}

const VERSION: u8 = 1;

#[derive(Clone, PartialEq, Message)]
struct PositionBytes {
    #[prost(uint64, tag = "1")]
    next: u64,
    #[prost(uint32, tag = "2")]
    epoch: u32,
    #[prost(uint64, tag = "3")]
    number: u64,
}

#[derive(Clone, PartialEq, Message)]
struct ConversationBytes {
    #[prost(string, tag = "1")]
    protocol: String,
    #[prost(uint32, tag = "2")]
    channel: u32,
    #[prost(string, tag = "3")]
    address: String,
    #[prost(string, tag = "4")]
    name: String,
    #[prost(uint32, tag = "5")]
    state: u32,
    #[prost(uint32, optional, tag = "6")]
    group: Option<u32>,
    #[prost(uint32, optional, tag = "7")]
    agent: Option<u32>,
    #[prost(uint32, tag = "8")]
    last_seq: u32,
    #[prost(sint64, tag = "9")]
    opened_at: i64,
    #[prost(sint64, optional, tag = "10")]
    closed_at: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct EntryBytes {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(uint32, tag = "2")]
    author: u32,
    #[prost(uint32, tag = "3")]
    user: u32,
    #[prost(sint64, tag = "4")]
    at: i64,
    #[prost(string, tag = "5")]
    provider_id: String,
    #[prost(bytes = "bytes", tag = "6")]
    body: Bytes,
}

#[derive(Clone, PartialEq, Message)]
struct ReceiptBytes {
    #[prost(sint64, tag = "1")]
    at: i64,
    #[prost(string, tag = "2")]
    provider_id: String,
    #[prost(sint64, optional, tag = "3")]
    code: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct DirectoryBytes {
    #[prost(uint64, tag = "1")]
    version: u64,
    #[prost(bytes = "bytes", tag = "2")]
    bytes: Bytes,
}

/// The bytes of a position.
pub fn encode_position(position: &Position) -> Vec<u8> {
    let Position { next, epoch, number } = *position;
    encode(&PositionBytes { next, epoch, number })
}

/// A position from its bytes.
pub fn decode_position(bytes: &[u8]) -> Result<Position, RowError> {
    let PositionBytes { next, epoch, number } = decode(bytes)?;
    Ok(Position { next, epoch, number })
}

/// The bytes of a conversation's row, less its id.
pub fn encode_conversation(row: &ConversationRow) -> Vec<u8> {
    encode(&ConversationBytes {
        protocol: row.protocol.clone(),
        channel: row.channel.0,
        address: row.address.clone(),
        name: row.name.clone(),
        state: state_code(row.state),
        group: row.group.map(|group| group.0),
        agent: row.agent.map(|agent| agent.0),
        last_seq: row.last_seq,
        opened_at: row.opened_at.as_micros(),
        closed_at: row.closed_at.map(Timestamp::as_micros),
    })
}

/// A conversation's row from its id and its bytes.
pub fn decode_conversation(
    conversation: ConversationId,
    bytes: &[u8],
) -> Result<ConversationRow, RowError> {
    let row: ConversationBytes = decode(bytes)?;
    Ok(ConversationRow {
        conversation,
        protocol: row.protocol,
        channel: ChannelId(row.channel),
        address: row.address,
        name: row.name,
        state: named(&STATES, state_code, "state", row.state)?,
        group: row.group.map(GroupId),
        agent: row.agent.map(UserId),
        last_seq: row.last_seq,
        opened_at: Timestamp::from_micros(row.opened_at),
        closed_at: row.closed_at.map(Timestamp::from_micros),
    })
}

/// The bytes of an entry, less its id.
pub fn encode_entry(row: &EntryRow) -> Vec<u8> {
    let (author, user) = match row.author {
        Author::Contact => (1, 0),
        Author::User(user) => (2, user.0),
        Author::Flow => (3, 0),
        Author::System => (4, 0),
    };
    encode(&EntryBytes {
        kind: kind_code(row.kind),
        author,
        user,
        at: row.at.as_micros(),
        provider_id: row.provider_id.clone(),
        body: row.body.clone(),
    })
}

/// An entry from its id and its bytes.
pub fn decode_entry(id: MessageId, bytes: &[u8]) -> Result<EntryRow, RowError> {
    let row: EntryBytes = decode(bytes)?;
    let author = match row.author {
        1 => Author::Contact,
        2 => Author::User(UserId(row.user)),
        3 => Author::Flow,
        4 => Author::System,
        value => return Err(RowError::Meaningless { what: "author", value }),
    };
    Ok(EntryRow {
        id,
        kind: named(&KINDS, kind_code, "kind", row.kind)?,
        author,
        at: Timestamp::from_micros(row.at),
        provider_id: row.provider_id,
        body: row.body,
    })
}

/// The bytes of a receipt, less its message and its status.
pub fn encode_receipt(row: &ReceiptRow) -> Vec<u8> {
    encode(&ReceiptBytes {
        at: row.at.as_micros(),
        provider_id: row.provider_id.clone(),
        code: row.code,
    })
}

/// A receipt from its message, its status and its bytes.
pub fn decode_receipt(
    id: MessageId,
    status: ReceiptStatus,
    bytes: &[u8],
) -> Result<ReceiptRow, RowError> {
    let ReceiptBytes { at, provider_id, code } = decode(bytes)?;
    Ok(ReceiptRow { id, status, at: Timestamp::from_micros(at), provider_id, code })
}

/// The number of a receipt's status in a key: in the order of the lattice, from 1.
pub const fn status_code(status: ReceiptStatus) -> u8 {
    match status {
        ReceiptStatus::Sent => 1,
        ReceiptStatus::Delivered => 2,
        ReceiptStatus::Read => 3,
        ReceiptStatus::Failed => 4,
    }
}

/// The status of a number in a key.
pub fn status_of(code: u8) -> Result<ReceiptStatus, RowError> {
    let code_of = |status| u32::from(status_code(status));
    named(&STATUSES, code_of, "status", u32::from(code))
}

/// The bytes of a directory row.
pub fn encode_row(row: &Row) -> Vec<u8> {
    encode(&DirectoryBytes { version: row.version, bytes: row.bytes.clone() })
}

/// A directory row from its bytes.
pub fn decode_row(bytes: &[u8]) -> Result<Row, RowError> {
    let DirectoryBytes { version, bytes } = decode(bytes)?;
    Ok(Row { version, bytes })
}

const STATES: [ConversationState; 5] = [
    ConversationState::Bot,
    ConversationState::Queued,
    ConversationState::Assigned,
    ConversationState::Pending,
    ConversationState::Closed,
];
const KINDS: [EntryKind; 7] = [
    EntryKind::Message,
    EntryKind::Queued,
    EntryKind::Assigned,
    EntryKind::Closed,
    EntryKind::Moved,
    EntryKind::Pended,
    EntryKind::Warned,
];
const STATUSES: [ReceiptStatus; 4] =
    [ReceiptStatus::Sent, ReceiptStatus::Delivered, ReceiptStatus::Read, ReceiptStatus::Failed];

const fn state_code(state: ConversationState) -> u32 {
    match state {
        ConversationState::Bot => 1,
        ConversationState::Queued => 2,
        ConversationState::Assigned => 3,
        ConversationState::Pending => 4,
        ConversationState::Closed => 5,
    }
}

const fn kind_code(kind: EntryKind) -> u32 {
    match kind {
        EntryKind::Message => 1,
        EntryKind::Queued => 2,
        EntryKind::Assigned => 3,
        EntryKind::Closed => 4,
        EntryKind::Moved => 5,
        EntryKind::Pended => 6,
        EntryKind::Warned => 7,
    }
}

fn named<T: Copy>(
    all: &[T],
    code: impl Fn(T) -> u32,
    what: &'static str,
    value: u32,
) -> Result<T, RowError> {
    let found = all.iter().copied().find(|one| code(*one) == value);
    found.ok_or(RowError::Meaningless { what, value })
}

fn encode(message: &impl Message) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&message.encode_to_vec());
    bytes
}

fn decode<M: Message + Default>(bytes: &[u8]) -> Result<M, RowError> {
    match bytes.split_first() {
        None => Err(RowError::Empty),
        Some((&VERSION, message)) => Ok(M::decode(message)?),
        Some((&version, _)) => Err(RowError::Version(version)),
    }
}

#[cfg(test)]
mod tests {
    use model::id::{LaneId, ShardId};

    use super::*;

    fn id() -> MessageId {
        let conversation = ConversationId::new(ShardId::default(), LaneId::FIRST, 1).unwrap();
        MessageId { conversation, seq: 2 }
    }

    #[test]
    fn yesterdays_rows_still_read() {
        // Written by the first version of each row; these bytes stand on disks.
        let position = Position { next: 300, epoch: 2, number: 5 };
        let bytes = b"\x01\x08\xac\x02\x10\x02\x18\x05";
        assert_eq!(encode_position(&position), bytes);
        assert_eq!(decode_position(bytes), Ok(position));

        let row = ConversationRow {
            conversation: id().conversation,
            protocol: "p".into(),
            channel: ChannelId(7),
            address: "a".into(),
            name: "n".into(),
            state: ConversationState::Closed,
            group: Some(GroupId(3)),
            agent: Some(UserId(0)),
            last_seq: 9,
            opened_at: Timestamp::from_micros(1),
            closed_at: Some(Timestamp::from_micros(-1)),
        };
        let bytes = b"\x01\x0a\x01p\x10\x07\x1a\x01a\x22\x01n\x28\x05\x30\x03\x38\0\x40\x09\x48\x02\x50\x01";
        assert_eq!(encode_conversation(&row), bytes);
        assert_eq!(decode_conversation(row.conversation, bytes), Ok(row));
    }

    #[test]
    fn yesterdays_entries_and_receipts_still_read() {
        let at = Timestamp::from_micros(1);
        let entry = EntryRow {
            id: id(),
            kind: EntryKind::Message,
            author: Author::User(UserId(4)),
            at,
            provider_id: "w".into(),
            body: Bytes::from_static(b"b"),
        };
        let bytes = b"\x01\x08\x01\x10\x02\x18\x04\x20\x02\x2a\x01w\x32\x01b";
        assert_eq!(encode_entry(&entry), bytes);
        assert_eq!(decode_entry(id(), bytes), Ok(entry));

        let (status, provider_id) = (ReceiptStatus::Failed, "w".to_owned());
        let receipt = ReceiptRow { id: id(), status, at, provider_id, code: Some(-1) };
        let bytes = b"\x01\x08\x02\x12\x01w\x18\x01";
        assert_eq!(encode_receipt(&receipt), bytes);
        assert_eq!(decode_receipt(id(), status, bytes), Ok(receipt));

        let row = Row { version: 3, bytes: Bytes::from_static(b"r") };
        assert_eq!(encode_row(&row), b"\x01\x08\x03\x12\x01r");
        assert_eq!(decode_row(b"\x01\x08\x03\x12\x01r"), Ok(row));
    }

    #[test]
    fn what_is_no_row_is_refused_and_says_why() {
        assert_eq!(decode_position(b""), Err(RowError::Empty));
        assert_eq!(decode_position(b"\x02\x08\x01"), Err(RowError::Version(2)));
        assert!(matches!(decode_position(b"\x01\x08"), Err(RowError::Malformed(_))));
        let state = RowError::Meaningless { what: "state", value: 0 };
        assert_eq!(decode_conversation(id().conversation, b"\x01"), Err(state));
        assert_eq!(status_of(9), Err(RowError::Meaningless { what: "status", value: 9 }));
        for status in STATUSES {
            assert_eq!(status_of(status_code(status)), Ok(status));
        }
    }
}
