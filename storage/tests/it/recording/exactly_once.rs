//! The recorder brings every event into history once, whatever happens in between.

use std::sync::Arc;

use model::desk::wire;
use model::id::{ChannelId, ConversationId};
use model::service::{Author, Content, ConversationState, ReceiptStatus};
use parking_lot::Mutex;
use storage::engine::memory::MemoryHistory;
use storage::port::{
    Answer, ConversationRow, EntryKind, EntryRow, History, HistoryWrite, Log, Position, Reader,
    ReceiptRow, StoreError,
};
use storage::recorder::{Recorder, RecorderError};
use storage::suite;
use tokio::sync::watch;

use super::script::{AGENT, SHARD, append, at, claim, events, lives, record};
use crate::setup::{self, now};

type Everything = (Position, Vec<ConversationRow>, Vec<EntryRow>, Vec<ReceiptRow>);

/// Records until the durable end, as a stop does.
fn record_all(log: &Arc<dyn Log>, history: &Arc<dyn History>) -> Result<(), RecorderError> {
    let (_stop, stopped) = watch::channel(true);
    Recorder::start(Arc::clone(log), Arc::clone(history), suite::place(), stopped).join()
}

fn everything(history: &dyn History) -> Everything {
    let rows = now(history.scan(None, 1_000));
    let mut entries = Vec::new();
    let mut receipts = Vec::new();
    for row in &rows {
        entries.extend(now(history.entries(row.conversation, u32::MAX, 1_000)));
        receipts.extend(now(history.receipts(row.conversation, 0, u32::MAX)));
    }
    (now(history.position(SHARD)), rows, entries, receipts)
}

#[test]
fn a_conversation_is_in_history_as_it_happened() {
    let engines = setup::memory();
    append(&*engines.log, &lives(1));
    record_all(&engines.log, &engines.history).unwrap();
    let (position, rows, mut entries, receipts) = everything(&*engines.history);
    assert_eq!(position, Position { next: 9, epoch: 1, number: 8 });

    let row = &rows[0];
    assert_eq!((row.state, row.agent, row.last_seq), (ConversationState::Closed, Some(AGENT), 6));
    assert_eq!((row.opened_at, row.closed_at), (at(1), Some(at(7))));
    assert_eq!((row.address.as_str(), row.name.as_str()), ("551191", "Maria"));

    entries.reverse();
    let seqs: Vec<_> = entries.iter().map(|entry| (entry.id.seq, entry.kind)).collect();
    let kinds = [
        (1, EntryKind::Message),
        (2, EntryKind::Queued),
        (3, EntryKind::Assigned),
        (4, EntryKind::Message),
        (5, EntryKind::Message),
        (6, EntryKind::Closed),
    ];
    assert_eq!(seqs, kinds);
    assert_eq!((entries[0].author, entries[3].author), (Author::Contact, Author::User(AGENT)));
    assert_eq!(entries[0].provider_id, "wamid.1.1");
    let content = wire::decode_content(&entries[3].body).unwrap();
    assert_eq!(content, Content::Text("good day".into()));
    assert!(wire::decode_event(&entries[2].body).is_ok());

    let statuses: Vec<_> = receipts.iter().map(|row| (row.id.seq, row.status)).collect();
    let wanted = [ReceiptStatus::Sent, ReceiptStatus::Delivered, ReceiptStatus::Read];
    assert_eq!(statuses, wanted.map(|status| (4, status)));
    assert_eq!(receipts[0].provider_id, "wamid.sent.1");
}

#[test]
fn restarts_at_any_record_change_nothing() {
    let records = lives(5);
    let straight = setup::memory();
    append(&*straight.log, &records);
    record_all(&straight.log, &straight.history).unwrap();

    let restarted = setup::memory();
    for record in &records {
        append(&*restarted.log, std::slice::from_ref(record));
        record_all(&restarted.log, &restarted.history).unwrap();
    }
    assert_eq!(everything(&*restarted.history), everything(&*straight.history));
}

#[test]
fn a_store_that_fails_before_or_after_it_wrote_changes_nothing() {
    let straight = setup::memory();
    append(&*straight.log, &lives(300));
    record_all(&straight.log, &straight.history).unwrap();
    let wanted = everything(&*straight.history);
    for first in 0..5 {
        let flaky = Arc::new(Flaky { calls: Mutex::new(first), ..Flaky::default() });
        let history: Arc<dyn History> = flaky.clone();
        record_all(&straight.log, &history).unwrap();
        assert_eq!(everything(&flaky.history), wanted);
        assert!(*flaky.calls.lock() > first + 5, "2 positions, 3 steps, and a failure at least");
    }
}

#[test]
fn history_on_disk_goes_on_where_it_stood() {
    let directory = tempfile::tempdir().unwrap();
    let records = lives(40);
    let straight = setup::memory();
    append(&*straight.log, &records);
    record_all(&straight.log, &straight.history).unwrap();
    for part in records.chunks(50) {
        let engines = setup::embedded(directory.path()).unwrap();
        append(&*engines.log, part);
        record_all(&engines.log, &engines.history).unwrap();
        engines.close().unwrap();
    }
    let engines = setup::embedded(directory.path()).unwrap();
    assert_eq!(everything(&*engines.history), everything(&*straight.history));
}

#[test]
fn the_recorder_releases_what_is_in_history() {
    let engines = setup::memory();
    append(&*engines.log, &lives(20));
    for reader in [Reader::Snapshots, Reader::Dispatch] {
        engines.log.release(reader, events(), 1_000);
    }
    record_all(&engines.log, &engines.history).unwrap();
    assert_eq!(engines.log.bounds(events()).unwrap(), 0..161, "released as it stood at the start");
    record_all(&engines.log, &engines.history).unwrap();
    assert_eq!(engines.log.bounds(events()).unwrap(), 161..161);
}

#[test]
fn a_running_recorder_follows_what_comes() {
    let engines = setup::memory();
    let (stop, stopped) = watch::channel(false);
    let (log, history) = (Arc::clone(&engines.log), Arc::clone(&engines.history));
    let recorder = Recorder::start(log, history, suite::place(), stopped);
    for record in lives(20) {
        append(&*engines.log, &[record]);
    }
    stop.send(true).unwrap();
    recorder.join().unwrap();
    assert_eq!(everything(&*engines.history).1.len(), 20);
}

#[test]
fn a_record_that_cannot_be_read_ends_its_shard_alone() {
    let engines = setup::memory();
    append(&*engines.log, &lives(1));
    append(&*engines.log, &["nonsense".into(), record(1, 9, vec![])]);
    let other = storage::port::Partition::new(storage::port::Topic::Events, 0);
    let bytes = claim(1);
    engines.log.append(vec![storage::port::NewRecord { partition: other, bytes }]).wait().unwrap();

    let error = record_all(&engines.log, &engines.history).unwrap_err();
    assert!(matches!(&error, RecorderError::Shard { shard, .. } if shard.get() == SHARD));
    assert!(error.to_string().contains("events/1@9"), "{error}");
    assert_eq!(everything(&*engines.history).0.next, 9, "what stood before it is recorded");
    assert_eq!(now(engines.history.position(0)).next, 1);
}

/// Every fifth call fails before it did anything, every fifth after it did everything.
#[derive(Default)]
struct Flaky {
    history: MemoryHistory,
    calls: Mutex<u32>,
}

impl Flaky {
    fn flake<'a, T: Send + 'a>(&'a self, call: impl FnOnce() -> Answer<'a, T>) -> Answer<'a, T> {
        let mut calls = self.calls.lock();
        *calls += 1;
        let source = || "not now".into();
        let failed = Err(StoreError::Unavailable { store: "history", source: source() });
        match *calls % 5 {
            0 => Box::pin(std::future::ready(failed)),
            1 => {
                drop(call());
                Box::pin(std::future::ready(failed))
            }
            _ => call(),
        }
    }
}

impl History for Flaky {
    fn write(&self, step: HistoryWrite) -> Answer<'_, ()> {
        self.flake(|| self.history.write(step))
    }

    fn sync(&self) -> Answer<'_, ()> {
        self.flake(|| self.history.sync())
    }

    fn position(&self, shard: u16) -> Answer<'_, Position> {
        self.flake(|| self.history.position(shard))
    }

    fn conversation(&self, id: ConversationId) -> Answer<'_, Option<ConversationRow>> {
        self.history.conversation(id)
    }

    fn entries(&self, id: ConversationId, before: u32, most: usize) -> Answer<'_, Vec<EntryRow>> {
        self.history.entries(id, before, most)
    }

    fn receipts(&self, id: ConversationId, from: u32, before: u32) -> Answer<'_, Vec<ReceiptRow>> {
        self.history.receipts(id, from, before)
    }

    fn of_contact<'a>(
        &'a self,
        channel: ChannelId,
        address: &'a str,
        most: usize,
    ) -> Answer<'a, Vec<ConversationId>> {
        self.history.of_contact(channel, address, most)
    }

    fn scan(&self, after: Option<ConversationId>, most: usize) -> Answer<'_, Vec<ConversationRow>> {
        self.history.scan(after, most)
    }
}
