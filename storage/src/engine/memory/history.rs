use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use model::id::{ChannelId, ConversationId, MessageId};
use model::service::ReceiptStatus;
use parking_lot::Mutex;

use super::ready;
use crate::port::{Answer, ConversationRow, EntryRow, History, HistoryWrite, Position, ReceiptRow};

/// History in maps.
#[derive(Default)]
pub struct MemoryHistory {
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    positions: BTreeMap<u16, Position>,
    conversations: BTreeMap<ConversationId, ConversationRow>,
    entries: BTreeMap<MessageId, EntryRow>,
    receipts: BTreeMap<(MessageId, ReceiptStatus), ReceiptRow>,
    by_contact: BTreeSet<(ChannelId, String, ConversationId)>,
}

impl Tables {
    fn write(&mut self, step: HistoryWrite) {
        let position = self.positions.entry(step.shard).or_default();
        if step.position.next < position.next {
            return;
        }
        *position = step.position;
        self.entries.extend(step.entries.into_iter().map(|row| (row.id, row)));
        for row in step.receipts {
            let key = (row.id, row.status);
            let first = self.receipts.remove(&key);
            self.receipts.insert(key, ReceiptRow::keep(first, row));
        }
        for row in step.conversations {
            self.by_contact.insert((row.channel, row.address.clone(), row.conversation));
            self.conversations.insert(row.conversation, row);
        }
    }

    fn of_contact(&self, channel: ChannelId, address: &str, most: usize) -> Vec<ConversationId> {
        let least = (channel, address.to_owned(), ConversationId::default());
        self.by_contact
            .range(least..)
            .take_while(|(c, a, _)| *c == channel && a == address)
            .map(|(_, _, id)| *id)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .take(most)
            .collect()
    }
}

impl History for MemoryHistory {
    fn write(&self, step: HistoryWrite) -> Answer<'_, ()> {
        self.tables.lock().write(step);
        ready(())
    }

    fn sync(&self) -> Answer<'_, ()> {
        ready(())
    }

    fn position(&self, shard: u16) -> Answer<'_, Position> {
        ready(self.tables.lock().positions.get(&shard).copied().unwrap_or_default())
    }

    fn conversation(&self, id: ConversationId) -> Answer<'_, Option<ConversationRow>> {
        ready(self.tables.lock().conversations.get(&id).cloned())
    }

    fn entries(&self, id: ConversationId, before: u32, most: usize) -> Answer<'_, Vec<EntryRow>> {
        let tables = self.tables.lock();
        let keys = message(id, 0)..message(id, before);
        ready(tables.entries.range(keys).rev().take(most).map(|(_, row)| row.clone()).collect())
    }

    fn receipts(&self, id: ConversationId, from: u32, before: u32) -> Answer<'_, Vec<ReceiptRow>> {
        let tables = self.tables.lock();
        let keys = (message(id, from), ReceiptStatus::Sent)
            ..(message(id, before.max(from)), ReceiptStatus::Sent);
        ready(tables.receipts.range(keys).map(|(_, row)| row.clone()).collect())
    }

    fn of_contact<'a>(
        &'a self,
        channel: ChannelId,
        address: &'a str,
        most: usize,
    ) -> Answer<'a, Vec<ConversationId>> {
        ready(self.tables.lock().of_contact(channel, address, most))
    }

    fn scan(&self, after: Option<ConversationId>, most: usize) -> Answer<'_, Vec<ConversationRow>> {
        let tables = self.tables.lock();
        let least = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = tables.conversations.range((least, Bound::Unbounded));
        ready(rows.take(most).map(|(_, row)| row.clone()).collect())
    }
}

const fn message(conversation: ConversationId, seq: u32) -> MessageId {
    MessageId { conversation, seq }
}
