//! History: every message and event of every conversation, for reading.

use bytes::Bytes;
use model::id::{ChannelId, ConversationId, GroupId, MessageId, UserId};
use model::service::{Author, ConversationState, ReceiptStatus};
use model::time::Timestamp;

use super::Answer;

/// How far the projection of a shard's `events` has come: written together with its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The next offset to project.
    pub next: u64,
    /// The epoch in force there.
    pub epoch: u32,
    /// The last record number of that epoch.
    pub number: u64,
}

/// The state of a conversation, as history shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRow {
    /// Its id.
    pub conversation: ConversationId,
    /// What the customer may quote.
    pub protocol: String,
    /// The account it came to.
    pub channel: ChannelId,
    /// The customer's canonical address.
    pub address: String,
    /// The customer's name; may be empty.
    pub name: String,
    /// Where it stands.
    pub state: ConversationState,
    /// The group, once it was queued or assigned.
    pub group: Option<GroupId>,
    /// The last responsible agent.
    pub agent: Option<UserId>,
    /// The last place in its sequence.
    pub last_seq: u32,
    /// When it began.
    pub opened_at: Timestamp,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
}

/// What an entry of a conversation's sequence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A message, from or to the customer.
    Message,
    /// It went into a queue.
    Queued,
    /// It was assigned.
    Assigned,
    /// It was closed.
    Closed,
    /// It left its group, its agent or both.
    Moved,
    /// It was set aside.
    Pended,
    /// The customer was warned that it will end.
    Warned,
}

/// One entry of a conversation's dense sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// Conversation and place in its sequence.
    pub id: MessageId,
    /// What it is.
    pub kind: EntryKind,
    /// Who did it.
    pub author: Author,
    /// When, on lane time.
    pub at: Timestamp,
    /// The provider's id of a received message, else empty.
    pub provider_id: String,
    /// The encoded content of a message ([`crate::codec`]), else the encoded event.
    pub body: Bytes,
}

/// How far a sent message came; insert-only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptRow {
    /// The message.
    pub id: MessageId,
    /// How far.
    pub status: ReceiptStatus,
    /// When, by the provider's clock.
    pub at: Timestamp,
    /// The provider's id of the message, when this row learned it.
    pub provider_id: String,
    /// The provider's error code, when it failed.
    pub code: Option<i64>,
}

impl ReceiptRow {
    /// What stands at this key once both rows were written: the first one, which may still learn
    /// the provider's id from the second. Whatever is written again changes nothing.
    pub fn keep(first: Option<Self>, second: Self) -> Self {
        match first {
            None => second,
            Some(first) if first.provider_id.is_empty() => {
                Self { provider_id: second.provider_id, ..first }
            }
            Some(first) => first,
        }
    }
}

/// One step of the projection: its rows and the position after it, written together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryWrite {
    /// The shard whose events these are.
    pub shard: u16,
    /// The position after them.
    pub position: Position,
    /// New entries.
    pub entries: Vec<EntryRow>,
    /// Receipts.
    pub receipts: Vec<ReceiptRow>,
    /// Conversations in their newest state; one row each.
    pub conversations: Vec<ConversationRow>,
}

/// Every message and event of every conversation. Writing the same step twice is harmless.
pub trait History: Send + Sync {
    /// Writes one step, rows and position in one atomic batch where the engine has one. A step
    /// whose position lies before the shard's was written already and changes nothing.
    fn write(&self, step: HistoryWrite) -> Answer<'_, ()>;

    /// Makes every step written so far durable. A step that is not may be lost by a crash, with
    /// all that came after it; then the projection goes on from the position that is left.
    fn sync(&self) -> Answer<'_, ()>;

    /// How far the projection of `shard` has come.
    fn position(&self, shard: u16) -> Answer<'_, Position>;

    /// A conversation's row.
    fn conversation(&self, id: ConversationId) -> Answer<'_, Option<ConversationRow>>;

    /// Entries of a conversation with `seq` below `before`, newest first, at most `most`.
    fn entries(&self, id: ConversationId, before: u32, most: usize) -> Answer<'_, Vec<EntryRow>>;

    /// Receipts of a conversation's messages with `seq` in `from..before`, by message and status.
    fn receipts(&self, id: ConversationId, from: u32, before: u32) -> Answer<'_, Vec<ReceiptRow>>;

    /// Conversations of a contact, newest first, at most `most`.
    fn of_contact<'a>(
        &'a self,
        channel: ChannelId,
        address: &'a str,
        most: usize,
    ) -> Answer<'a, Vec<ConversationId>>;

    /// Every conversation after `after` in id order, at most `most`: for audits and exports.
    fn scan(&self, after: Option<ConversationId>, most: usize) -> Answer<'_, Vec<ConversationRow>>;
}
