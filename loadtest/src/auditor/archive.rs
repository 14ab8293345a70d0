use model::desk::wire;
use model::id::ConversationId;
use model::service::{Content, ConversationState, ReceiptStatus};
use storage::port::{ConversationRow, EntryKind, EntryRow, History, StoreError};

/// Conversations read at a time.
const CONVERSATIONS: usize = 500;
/// Entries read at a time.
const ENTRIES: usize = 1_000;

/// What history holds, as plain data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Archive {
    /// Every conversation, in id order.
    pub conversations: Vec<ArchivedConversation>,
}

/// One conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedConversation {
    /// Its id.
    pub id: ConversationId,
    /// The customer's address.
    pub address: String,
    /// Where it stands.
    pub state: ConversationState,
    /// The last place in its sequence.
    pub last_seq: u32,
    /// Its entries, oldest first.
    pub entries: Vec<ArchivedEntry>,
    /// How far its sent messages came: place in the sequence, and each status recorded.
    pub receipts: Vec<(u32, ReceiptStatus)>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedEntry {
    /// Its place in the sequence.
    pub seq: u32,
    /// What it is.
    pub what: Archived,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Archived {
    /// A customer's message.
    Received {
        /// The provider's id.
        provider_id: String,
        /// The text; empty for what is no text.
        text: String,
    },
    /// A message to the customer.
    Sent {
        /// The text; empty for what is no text.
        text: String,
    },
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

/// Why history could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The store failed.
    #[error("history cannot be read")]
    Store(#[from] StoreError),
    /// A row's bytes are not what the wire form says.
    #[error("history holds an entry that cannot be read: conversation {conversation}, {seq}")]
    Entry {
        /// Which conversation.
        conversation: ConversationId,
        /// Which place in it.
        seq: u32,
        /// What is wrong with it.
        #[source]
        source: wire::DecodeError,
    },
}

impl Archive {
    /// Reads all of history. For when nothing writes to it any more.
    pub async fn read(history: &dyn History) -> Result<Self, ArchiveError> {
        let mut archive = Self::default();
        let mut after = None;
        loop {
            let rows = history.scan(after, CONVERSATIONS).await?;
            let Some(last) = rows.last() else { return Ok(archive) };
            after = Some(last.conversation);
            for row in rows {
                archive.conversations.push(conversation(history, row).await?);
            }
        }
    }
}

async fn conversation(
    history: &dyn History,
    row: ConversationRow,
) -> Result<ArchivedConversation, ArchiveError> {
    let id = row.conversation;
    let mut entries = Vec::new();
    let mut before = u32::MAX;
    loop {
        let page = history.entries(id, before, ENTRIES).await?;
        let Some(oldest) = page.last() else { break };
        before = oldest.id.seq;
        for entry in page {
            entries.push(read_entry(entry)?);
        }
    }
    entries.reverse();
    let receipts = history.receipts(id, 0, u32::MAX).await?;
    Ok(ArchivedConversation {
        id,
        address: row.address,
        state: row.state,
        last_seq: row.last_seq,
        entries,
        receipts: receipts.into_iter().map(|row| (row.id.seq, row.status)).collect(),
    })
}

fn read_entry(row: EntryRow) -> Result<ArchivedEntry, ArchiveError> {
    let seq = row.id.seq;
    let what = match row.kind {
        EntryKind::Queued => Archived::Queued,
        EntryKind::Assigned => Archived::Assigned,
        EntryKind::Closed => Archived::Closed,
        EntryKind::Moved => Archived::Moved,
        EntryKind::Pended => Archived::Pended,
        EntryKind::Warned => Archived::Warned,
        EntryKind::Message => message(row)?,
    };
    Ok(ArchivedEntry { seq, what })
}

fn message(row: EntryRow) -> Result<Archived, ArchiveError> {
    let text = match wire::decode_content(&row.body) {
        Ok(Content::Text(text)) => text,
        Ok(Content::Unsupported { .. }) => String::new(),
        Err(source) => {
            let (conversation, seq) = (row.id.conversation, row.id.seq);
            return Err(ArchiveError::Entry { conversation, seq, source });
        }
    };
    Ok(match row.author {
        model::service::Author::Contact => {
            Archived::Received { provider_id: row.provider_id, text }
        }
        _ => Archived::Sent { text },
    })
}
