use std::collections::BTreeMap;
use std::ops::{Bound, RangeBounds};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fjall::{Database, Guard, Keyspace, OwnedWriteBatch, PersistMode};
use model::id::{ChannelId, ConversationId, MessageId};
use model::time::{Clock, Timestamp};
use parking_lot::Mutex;

use super::store::{bad_row, done, store_error, table};
use crate::codec;
use crate::engine::OpenError;
use crate::port::{
    Answer, ConversationRow, EntryRow, History, HistoryWrite, Position, ReceiptRow, StoreError,
};

/// History in tables of the store. Keys are big-endian, so that they sort as what they name.
///
/// | table | key | row |
/// |---|---|---|
/// | `position` | shard | [`Position`] |
/// | `conversation` | conversation | [`ConversationRow`] |
/// | `entry` | conversation, seq | [`EntryRow`] |
/// | `receipt` | conversation, seq, status | [`ReceiptRow`] |
/// | `contact` | channel, length of address, address, conversation | nothing |
///
/// A step is one atomic batch with its position. It is synced only now and then: what a crash
/// takes is a suffix of whole steps, and the recorder writes them again from the log.
pub(super) struct EmbeddedHistory {
    database: Database,
    clock: Arc<dyn Clock>,
    positions: Keyspace,
    conversations: Keyspace,
    entries: Keyspace,
    receipts: Keyspace,
    contacts: Keyspace,
    /// When the last sync was; also what makes steps follow one another.
    synced_at: Mutex<Timestamp>,
}

const STORE: &str = "history";
/// Steps are synced at most once in this time.
const SYNC_EVERY: Duration = Duration::from_millis(100);

type Found<T> = Result<T, StoreError>;

impl EmbeddedHistory {
    pub(super) fn open(
        database: &Database,
        path: &Path,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let table = |name| table(database, path, name);
        Ok(Self {
            database: database.clone(),
            clock,
            positions: table("position")?,
            conversations: table("conversation")?,
            entries: table("entry")?,
            receipts: table("receipt")?,
            contacts: table("contact")?,
            synced_at: Mutex::default(),
        })
    }

    fn write_now(&self, step: &HistoryWrite) -> Found<()> {
        let mut synced_at = self.synced_at.lock();
        if step.position.next < self.position_now(step.shard)?.next {
            return Ok(());
        }
        let mut batch = self.database.batch();
        self.fill(&mut batch, step)?;
        let now = self.clock.now();
        let due = now.since(*synced_at) >= SYNC_EVERY;
        let mode = if due { PersistMode::SyncData } else { PersistMode::Buffer };
        batch.durability(Some(mode)).commit().map_err(failed)?;
        if due {
            *synced_at = now;
        }
        Ok(())
    }

    fn fill(&self, batch: &mut OwnedWriteBatch, step: &HistoryWrite) -> Found<()> {
        let position = codec::encode_position(&step.position);
        batch.insert(&self.positions, step.shard.to_be_bytes(), position);
        for row in &step.entries {
            batch.insert(&self.entries, entry_key(row.id), codec::encode_entry(row));
        }
        for row in self.merged(&step.receipts)? {
            batch.insert(&self.receipts, receipt_key(&row), codec::encode_receipt(&row));
        }
        for row in &step.conversations {
            let key = row.conversation.get().to_be_bytes();
            batch.insert(&self.conversations, key, codec::encode_conversation(row));
            batch.insert(&self.contacts, contact_key(row), []);
        }
        Ok(())
    }

    /// The receipts as they will stand: what is stored already stays.
    fn merged(&self, receipts: &[ReceiptRow]) -> Found<Vec<ReceiptRow>> {
        let mut merged = BTreeMap::new();
        for row in receipts {
            let key = (row.id, row.status);
            let first = match merged.remove(&key) {
                Some(first) => Some(first),
                None => self.receipt(row)?,
            };
            merged.insert(key, ReceiptRow::keep(first, row.clone()));
        }
        Ok(merged.into_values().collect())
    }

    fn receipt(&self, row: &ReceiptRow) -> Found<Option<ReceiptRow>> {
        let Some(bytes) = self.receipts.get(receipt_key(row)).map_err(failed)? else {
            return Ok(None);
        };
        let decoded = codec::decode_receipt(row.id, row.status, &bytes);
        decoded.map(Some).map_err(|error| bad_row(STORE, format!("receipt {}", row.id), &error))
    }

    fn position_now(&self, shard: u16) -> Found<Position> {
        let Some(bytes) = self.positions.get(shard.to_be_bytes()).map_err(failed)? else {
            return Ok(Position::default());
        };
        codec::decode_position(&bytes)
            .map_err(|error| bad_row(STORE, format!("position {shard}"), &error))
    }

    fn conversation_now(&self, id: ConversationId) -> Found<Option<ConversationRow>> {
        let found = self.conversations.get(id.get().to_be_bytes()).map_err(failed)?;
        found.map(|bytes| conversation(id, &bytes)).transpose()
    }

    fn entries_now(&self, id: ConversationId, before: u32, most: usize) -> Found<Vec<EntryRow>> {
        let keys = entry_key(message(id, 0))..entry_key(message(id, before));
        let rows = self.entries.range(keys).rev().take(most).map(|guard| {
            let (key, bytes) = guard.into_inner().map_err(failed)?;
            let id = message(id, number(&key, 8));
            codec::decode_entry(id, &bytes)
                .map_err(|error| bad_row(STORE, format!("entry {id}"), &error))
        });
        rows.collect()
    }

    fn receipts_now(&self, id: ConversationId, from: u32, before: u32) -> Found<Vec<ReceiptRow>> {
        let keys = entry_key(message(id, from))..entry_key(message(id, before.max(from)));
        let rows = self.receipts.range(keys).map(|guard| {
            let (key, bytes) = guard.into_inner().map_err(failed)?;
            let id = message(id, number(&key, 8));
            codec::status_of(key.get(12).copied().unwrap_or_default())
                .and_then(|status| codec::decode_receipt(id, status, &bytes))
                .map_err(|error| bad_row(STORE, format!("receipt {id}"), &error))
        });
        rows.collect()
    }

    fn of_contact_now(
        &self,
        channel: ChannelId,
        address: &str,
        most: usize,
    ) -> Found<Vec<ConversationId>> {
        let prefix = contact_prefix(channel, address);
        let at = prefix.len();
        let ids = self.contacts.prefix(prefix).rev().take(most).map(|guard| {
            let key = guard.key().map_err(failed)?;
            conversation_id(key.get(at..).unwrap_or_default())
        });
        ids.collect()
    }

    fn scan_now(&self, after: Option<ConversationId>, most: usize) -> Found<Vec<ConversationRow>> {
        let after = after.map(|id| id.get().to_be_bytes());
        let keys = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        self.conversations_in(keys, most)
    }

    fn conversations_in(
        &self,
        keys: impl RangeBounds<[u8; 8]>,
        most: usize,
    ) -> Found<Vec<ConversationRow>> {
        let row = |guard: Guard| {
            let (key, bytes) = guard.into_inner().map_err(failed)?;
            conversation(conversation_id(&key)?, &bytes)
        };
        self.conversations.range(keys).take(most).map(row).collect()
    }
}

impl History for EmbeddedHistory {
    fn write(&self, step: HistoryWrite) -> Answer<'_, ()> {
        done(self.write_now(&step))
    }

    fn sync(&self) -> Answer<'_, ()> {
        done(self.database.persist(PersistMode::SyncData).map_err(failed))
    }

    fn position(&self, shard: u16) -> Answer<'_, Position> {
        done(self.position_now(shard))
    }

    fn conversation(&self, id: ConversationId) -> Answer<'_, Option<ConversationRow>> {
        done(self.conversation_now(id))
    }

    fn entries(&self, id: ConversationId, before: u32, most: usize) -> Answer<'_, Vec<EntryRow>> {
        done(self.entries_now(id, before, most))
    }

    fn receipts(&self, id: ConversationId, from: u32, before: u32) -> Answer<'_, Vec<ReceiptRow>> {
        done(self.receipts_now(id, from, before))
    }

    fn of_contact<'a>(
        &'a self,
        channel: ChannelId,
        address: &'a str,
        most: usize,
    ) -> Answer<'a, Vec<ConversationId>> {
        done(self.of_contact_now(channel, address, most))
    }

    fn scan(&self, after: Option<ConversationId>, most: usize) -> Answer<'_, Vec<ConversationRow>> {
        done(self.scan_now(after, most))
    }
}

fn failed(source: fjall::Error) -> StoreError {
    store_error(STORE, source)
}

fn conversation(id: ConversationId, bytes: &[u8]) -> Found<ConversationRow> {
    codec::decode_conversation(id, bytes)
        .map_err(|error| bad_row(STORE, format!("conversation {id}"), &error))
}

fn conversation_id(key: &[u8]) -> Found<ConversationId> {
    let number = key.first_chunk().map(|bytes| u64::from_be_bytes(*bytes));
    number.and_then(|number| ConversationId::from_u64(number).ok()).ok_or_else(|| {
        StoreError::Damaged { store: STORE, what: format!("a row named {key:?}, no conversation") }
    })
}

const fn message(conversation: ConversationId, seq: u32) -> MessageId {
    MessageId { conversation, seq }
}

fn entry_key(id: MessageId) -> Vec<u8> {
    let mut key = id.conversation.get().to_be_bytes().to_vec();
    key.extend_from_slice(&id.seq.to_be_bytes());
    key
}

fn receipt_key(row: &ReceiptRow) -> Vec<u8> {
    let mut key = entry_key(row.id);
    key.push(codec::status_code(row.status));
    key
}

fn contact_prefix(channel: ChannelId, address: &str) -> Vec<u8> {
    let mut key = channel.0.to_be_bytes().to_vec();
    key.extend_from_slice(&(address.len() as u32).to_be_bytes());
    key.extend_from_slice(address.as_bytes());
    key
}

fn contact_key(row: &ConversationRow) -> Vec<u8> {
    let mut key = contact_prefix(row.channel, &row.address);
    key.extend_from_slice(&row.conversation.get().to_be_bytes());
    key
}

/// The big-endian number at byte `at` of a key.
fn number(key: &[u8], at: usize) -> u32 {
    let bytes = key.get(at..).and_then(|rest| rest.first_chunk());
    bytes.map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use model::id::{LaneId, ShardId};
    use model::time::ManualClock;

    use super::*;
    use crate::engine::embedded::store;

    #[test]
    fn a_damaged_row_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let database = store::open(directory.path()).unwrap();
        let clock = Arc::new(ManualClock::default());
        let history = EmbeddedHistory::open(&database, directory.path(), clock).unwrap();
        let id = ConversationId::new(ShardId::default(), LaneId::FIRST, 5).unwrap();
        history.conversations.insert(id.get().to_be_bytes(), "nonsense").unwrap();
        history.entries.insert(entry_key(message(id, 3)), "nonsense").unwrap();
        history.positions.insert(0u16.to_be_bytes(), "nonsense").unwrap();

        let errors = [
            (history.conversation_now(id).unwrap_err(), "conversation 5: "),
            (history.scan_now(None, 1).unwrap_err(), "conversation 5: "),
            (history.entries_now(id, u32::MAX, 1).unwrap_err(), "entry 5.3: "),
            (history.write_now(&HistoryWrite::default()).unwrap_err(), "position 0: "),
        ];
        for (error, row) in errors {
            assert!(
                matches!(&error, StoreError::Damaged { what, .. } if what.starts_with(row)),
                "{error}"
            );
        }
    }
}
