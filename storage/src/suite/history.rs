//! What every [`History`] must do.

use std::sync::Arc;

use model::id::{ChannelId, ConversationId, GroupId, LaneId, MessageId, ShardId, UserId};
use model::service::{Author, ConversationState, ReceiptStatus};
use model::time::Timestamp;

use super::now;
use crate::port::{
    ConversationRow, EntryKind, EntryRow, History, HistoryWrite, Position, ReceiptRow,
};

/// Makes a test of every case; `$run` is called with the case and passes it an empty history.
#[macro_export]
macro_rules! history_suite {
    ($run:expr) => {
        $crate::suite_of! { $run, history:
            a_step_is_read_as_it_was_written
            a_step_written_twice_changes_nothing
            a_step_from_the_past_changes_nothing
            positions_are_each_shards_own
            entries_are_paged_newest_first
            a_receipt_keeps_what_came_first_and_learns_the_providers_id
            receipts_are_read_by_message_and_status
            a_contacts_conversations_are_newest_first
            a_scan_sees_every_conversation_once
        }
    };
}

/// Every field of every row comes back.
pub fn a_step_is_read_as_it_was_written(history: &Arc<dyn History>) {
    let step = step(5, 3);
    now(history.write(step.clone()));
    assert_eq!(now(history.position(1)), step.position);
    let id = conversation(5);
    assert_eq!(now(history.conversation(id)).as_ref(), step.conversations.first());
    let mut entries = now(history.entries(id, u32::MAX, 10));
    entries.reverse();
    assert_eq!(entries, step.entries);
    assert_eq!(now(history.receipts(id, 0, u32::MAX)), step.receipts);
    assert_eq!(now(history.conversation(conversation(6))), None);
}

/// The same step again, as after a crash, leaves everything as it is.
pub fn a_step_written_twice_changes_nothing(history: &Arc<dyn History>) {
    now(history.write(step(5, 3)));
    let before = everything(history);
    now(history.write(step(5, 3)));
    assert_eq!(everything(history), before);
}

/// A step that others have followed is not written over them.
pub fn a_step_from_the_past_changes_nothing(history: &Arc<dyn History>) {
    now(history.write(step(5, 3)));
    now(history.write(step(5, 4)));
    let before = everything(history);
    now(history.write(step(5, 3)));
    assert_eq!(everything(history), before);
    assert_eq!(now(history.position(1)).next, 4);
}

/// A shard's position is its own, and the default where nothing was written.
pub fn positions_are_each_shards_own(history: &Arc<dyn History>) {
    assert_eq!(now(history.position(0)), Position::default());
    let position = Position { next: 9, epoch: 2, number: 4 };
    now(history.write(HistoryWrite { shard: 0, position, ..HistoryWrite::default() }));
    assert_eq!(now(history.position(0)), position);
    assert_eq!(now(history.position(1)), Position::default());
}

/// Pages join: each goes on below the last, and none reaches into another conversation.
pub fn entries_are_paged_newest_first(history: &Arc<dyn History>) {
    let mut write = step(5, 3);
    write.entries = (1..=300).map(|seq| entry(5, seq)).collect();
    write.entries.extend([entry(4, 400), entry(6, 1)]);
    now(history.write(write));
    let (mut before, mut seen) = (u32::MAX, Vec::new());
    loop {
        let page = now(history.entries(conversation(5), before, 70));
        let Some(last) = page.last() else { break };
        before = last.id.seq;
        seen.extend(page.iter().map(|row| row.id.seq));
    }
    assert_eq!(seen, (1..=300).rev().collect::<Vec<_>>());
    assert_eq!(now(history.entries(conversation(5), 1, 70)), []);
}

/// Receipts are insert-only, but a provider's id that came late is kept.
pub fn a_receipt_keeps_what_came_first_and_learns_the_providers_id(history: &Arc<dyn History>) {
    let first = ReceiptRow { provider_id: String::new(), ..receipt(2, ReceiptStatus::Sent) };
    let at = first.at;
    let later = Timestamp::from_seconds(99);
    let second = ReceiptRow { at: later, provider_id: "wamid.1".into(), ..first.clone() };
    let third = ReceiptRow { at: later, provider_id: "wamid.2".into(), ..first.clone() };
    now(history.write(HistoryWrite { receipts: vec![first], ..step(5, 3) }));
    now(history.write(HistoryWrite { receipts: vec![second, third], ..step(5, 4) }));
    let rows = now(history.receipts(conversation(5), 2, 3));
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].at, rows[0].provider_id.as_str()), (at, "wamid.1"));
}

/// Receipts come in the order of message and status, of the messages asked for alone.
pub fn receipts_are_read_by_message_and_status(history: &Arc<dyn History>) {
    let keys = [
        (1, ReceiptStatus::Sent),
        (2, ReceiptStatus::Sent),
        (2, ReceiptStatus::Delivered),
        (2, ReceiptStatus::Read),
        (3, ReceiptStatus::Failed),
        (4, ReceiptStatus::Sent),
    ];
    let receipts = keys.iter().rev().map(|(seq, status)| receipt(*seq, *status)).collect();
    now(history.write(HistoryWrite { receipts, ..step(5, 3) }));
    let found = |from, before| {
        let rows = now(history.receipts(conversation(5), from, before));
        rows.iter().map(|row| (row.id.seq, row.status)).collect::<Vec<_>>()
    };
    assert_eq!(found(0, u32::MAX), keys);
    assert_eq!(found(2, 4), keys[1..5]);
    assert_eq!(found(4, 2), []);
}

/// A contact is an address within a channel; one address may begin another.
pub fn a_contacts_conversations_are_newest_first(history: &Arc<dyn History>) {
    let of = |number, channel, address: &str| {
        let channel = ChannelId(channel);
        ConversationRow { channel, address: address.into(), ..row(number) }
    };
    let conversations =
        vec![of(1, 7, "55"), of(3, 7, "55"), of(2, 7, "55"), of(4, 7, "551"), of(5, 8, "55")];
    now(history.write(HistoryWrite { conversations, ..step(5, 3) }));
    let found = |channel, address, most| {
        let ids = now(history.of_contact(ChannelId(channel), address, most));
        ids.iter().map(|id| id.counter()).collect::<Vec<_>>()
    };
    assert_eq!(found(7, "55", 10), [3, 2, 1]);
    assert_eq!(found(7, "55", 2), [3, 2]);
    assert_eq!(found(7, "551", 10), [4]);
    assert_eq!(found(7, "5", 10), []);
}

/// Pages of a scan join to all conversations, in the order of their ids.
pub fn a_scan_sees_every_conversation_once(history: &Arc<dyn History>) {
    let conversations = (1..=25).rev().map(row).collect();
    now(history.write(HistoryWrite { conversations, ..step(5, 3) }));
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = now(history.scan(after, 10));
        let Some(last) = page.last() else { break };
        after = Some(last.conversation);
        seen.extend(page.iter().map(|row| row.conversation.counter()));
    }
    assert_eq!(seen, (1..=25).collect::<Vec<_>>());
}

type Everything = (Position, Vec<ConversationRow>, Vec<EntryRow>, Vec<ReceiptRow>);

fn everything(history: &Arc<dyn History>) -> Everything {
    let id = conversation(5);
    (
        now(history.position(1)),
        now(history.scan(None, 100)),
        now(history.entries(id, u32::MAX, 100)),
        now(history.receipts(id, 0, u32::MAX)),
    )
}

/// A step of shard 1 that touches conversation `number` and ends at `next`; every step differs.
fn step(number: u64, next: u32) -> HistoryWrite {
    let queued = EntryRow { kind: EntryKind::Queued, author: Author::Flow, ..entry(number, next) };
    let answer = EntryRow { author: Author::User(UserId(4)), ..entry(number, next + 1) };
    HistoryWrite {
        shard: 1,
        position: Position { next: u64::from(next), epoch: 2, number: 70 },
        entries: vec![queued, answer],
        receipts: vec![ReceiptRow { code: Some(-131_047), ..receipt(2, ReceiptStatus::Failed) }],
        conversations: vec![ConversationRow { last_seq: next, ..row(number) }],
    }
}

fn conversation(number: u64) -> ConversationId {
    ConversationId::new(ShardId::new(1).unwrap(), LaneId::FIRST, number).unwrap()
}

fn row(number: u64) -> ConversationRow {
    ConversationRow {
        conversation: conversation(number),
        protocol: format!("2026110{number}"),
        channel: ChannelId(7),
        address: "5511987654321".into(),
        name: "Iñaki".into(),
        state: ConversationState::Closed,
        group: Some(GroupId(3)),
        agent: Some(UserId(0)),
        last_seq: 9,
        opened_at: Timestamp::from_micros(1_700_000_000_000_001),
        closed_at: Some(Timestamp::from_micros(-1)),
    }
}

fn entry(number: u64, seq: u32) -> EntryRow {
    EntryRow {
        id: MessageId { conversation: conversation(number), seq },
        kind: EntryKind::Message,
        author: Author::Contact,
        at: Timestamp::from_seconds(i64::from(seq)),
        provider_id: format!("wamid.{seq}"),
        body: vec![0, 255, seq as u8].into(),
    }
}

fn receipt(seq: u32, status: ReceiptStatus) -> ReceiptRow {
    ReceiptRow {
        id: MessageId { conversation: conversation(5), seq },
        status,
        at: Timestamp::from_seconds(i64::from(seq)),
        provider_id: "wamid.0".into(),
        code: None,
    }
}
