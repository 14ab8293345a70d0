//! Events as a shard's owner writes them.

use std::time::Duration;

use bytes::Bytes;
use model::desk::{
    Assigned, Body, Cause, Claimed, Envelope, Event, Opened, Queued, Record, SendResult, Stamped,
    Why, wire,
};
use model::id::{
    ChannelId, ConversationId, GroupId, LaneId, MessageId, OperationId, ProtocolNumber, ShardId,
    UserId,
};
use model::service::{Author, CloseReason, Content, ReceiptStatus};
use model::time::Timestamp;
use storage::port::{Log, NewRecord, Partition, Topic};

pub(super) const SHARD: u16 = 1;
pub(super) const AGENT: UserId = UserId(4);

pub(super) fn shard() -> ShardId {
    ShardId::new(SHARD).unwrap()
}

pub(super) fn events() -> Partition {
    Partition::new(Topic::Events, u32::from(SHARD))
}

pub(super) fn claim(epoch: u32) -> Bytes {
    let envelope = Envelope { epoch, ..Envelope::of_input(Timestamp::default()) };
    let body = Body::Claimed(Claimed { epoch, attempt: 1 });
    wire::encode(&Stamped { envelope, body })
}

pub(super) fn record(epoch: u32, number: u64, events: Vec<Event>) -> Bytes {
    let at = at(number);
    let record = Record {
        lane: LaneId::FIRST,
        cause: Cause::Inbound(number),
        answers: None,
        resume: Vec::new(),
        at,
        input_at: None,
        events,
    };
    let envelope = Envelope { epoch, number, ..Envelope::of_input(at) };
    wire::encode(&Stamped { envelope, body: Body::Record(record) })
}

/// A record of a kind that only a newer release knows, and that others may skip.
pub(super) fn newer(epoch: u32, number: u64) -> Bytes {
    let mut bytes = record(epoch, number, Vec::new()).to_vec();
    // Of the header: the flag that the kind must be understood, and the kind.
    (bytes[1], bytes[3]) = (0, 200);
    bytes.into()
}

/// Lane time of record `number`.
pub(super) fn at(number: u64) -> Timestamp {
    Timestamp::from_seconds(1_700_000_000 + number as i64)
}

pub(crate) fn append(log: &dyn Log, records: &[Bytes]) {
    let new = |bytes: &Bytes| NewRecord { partition: events(), bytes: bytes.clone() };
    log.append(records.iter().map(new).collect()).wait().unwrap();
}

pub(super) fn conversation(counter: u64) -> ConversationId {
    ConversationId::new(shard(), LaneId::FIRST, counter).unwrap()
}

pub(super) fn message(counter: u64, seq: u32) -> MessageId {
    MessageId { conversation: conversation(counter), seq }
}

/// The life of conversation `counter`, one record each: what a customer writes twice, the queue,
/// an assignment, an answer and its receipts, the end.
pub(super) fn life(counter: u64) -> Vec<Vec<Event>> {
    let received = |seq| Event::MessageReceived {
        message: message(counter, seq),
        provider_id: format!("wamid.{counter}.{seq}"),
        sent_at: at(0),
        received_at: at(0),
        content: Content::Text(format!("hello {counter}.{seq}")),
    };
    let sent = Event::MessageSent {
        message: message(counter, 4),
        author: Author::User(AGENT),
        content: Content::Text("good day".into()),
    };
    vec![
        vec![opened(counter), received(1), queued(counter)],
        vec![assigned(counter)],
        vec![sent],
        vec![answered(counter)],
        vec![received(5)],
        vec![receipt(counter, ReceiptStatus::Delivered)],
        vec![closed(counter)],
        // A receipt may come when all is over.
        vec![receipt(counter, ReceiptStatus::Read)],
    ]
}

/// The lives of so many conversations, side by side, as records 1.. of epoch 1.
pub(crate) fn lives(count: u64) -> Vec<Bytes> {
    let lives: Vec<_> = (1..=count).map(life).collect();
    let steps = lives.iter().map(Vec::len).max().unwrap_or_default();
    let side_by_side = (0..steps).flat_map(|step| lives.iter().filter_map(move |l| l.get(step)));
    let records = (1..).zip(side_by_side).map(|(n, events)| record(1, n, events.clone()));
    std::iter::once(claim(1)).chain(records).collect()
}

fn opened(counter: u64) -> Event {
    Event::Opened(Opened {
        conversation: conversation(counter),
        protocol: ProtocolNumber::new((2026, 11, 2), conversation(counter)),
        operation: OperationId(1),
        channel: ChannelId(7),
        address: format!("55119{counter}"),
        name: "Maria".into(),
    })
}

fn queued(counter: u64) -> Event {
    let conversation = conversation(counter);
    Event::Queued(Queued { conversation, seq: 2, group: GroupId(3), agent: None, key: 5 })
}

fn assigned(counter: u64) -> Event {
    Event::Assigned(Assigned {
        conversation: conversation(counter),
        seq: 3,
        agent: AGENT,
        group: GroupId(3),
        cap: 5,
        gen_at_seat: 1,
        charge: 1,
        why: Why::FreedSeat,
        waited: Duration::from_secs(1),
    })
}

fn answered(counter: u64) -> Event {
    let provider_id = format!("wamid.sent.{counter}");
    let result = SendResult::Accepted { provider_id };
    Event::SendAnswered { message: message(counter, 4), result, tries: 1 }
}

fn receipt(counter: u64, status: ReceiptStatus) -> Event {
    Event::ReceiptApplied { message: message(counter, 4), status, at: at(9), code: None }
}

fn closed(counter: u64) -> Event {
    Event::Closed {
        conversation: conversation(counter),
        seq: 6,
        by: Author::User(AGENT),
        reason: CloseReason::Agent,
        handled: Duration::from_secs(60),
    }
}
