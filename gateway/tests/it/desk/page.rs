//! Messages older than the view: joined with history on the conversation's sequence.

use bytes::Bytes;
use model::desk::wire;
use model::id::{MessageId, ProtocolNumber, UserId};
use model::limit;
use model::service::{Author, Content, ConversationState, ReceiptStatus};
use model::time::Timestamp;
use serde_json::Value;
use storage::port::{ConversationRow, EntryKind, EntryRow, HistoryWrite, ReceiptRow};

use super::house::{ANA, BIA, House, assigned, conversation, opened, received, sent, shard};

/// A conversation of messages 1 and 3 to `last`, by turns; 2 is the assignment.
async fn long(house: &House, last: u32) {
    let id = conversation(1);
    house.happen(vec![opened(id), received(id, 1, "1"), assigned(id, 2, ANA)]);
    let mut offset = 0;
    for seq in 3..=last {
        let text = seq.to_string();
        let event = if seq % 2 == 0 { sent(id, seq, ANA, &text) } else { received(id, seq, &text) };
        offset = house.happen(vec![event]);
    }
    house.view.reached(shard(), offset).await;
}

fn entry(seq: u32) -> EntryRow {
    let kind = if seq == 2 { EntryKind::Assigned } else { EntryKind::Message };
    let author = if seq.is_multiple_of(2) { Author::User(ANA) } else { Author::Contact };
    let body = match kind {
        EntryKind::Message => wire::encode_content(&Content::Text(seq.to_string())),
        _ => Bytes::new(),
    };
    EntryRow {
        id: MessageId { conversation: conversation(1), seq },
        kind,
        author,
        at: Timestamp::from_seconds(1_800_000_000),
        provider_id: String::new(),
        body,
    }
}

fn row(state: ConversationState, agent: UserId) -> ConversationRow {
    ConversationRow {
        conversation: conversation(1),
        protocol: ProtocolNumber::new((2027, 1, 15), conversation(1)).to_string(),
        channel: model::id::ChannelId(1),
        address: "5511900000001".to_owned(),
        name: "Customer 1".to_owned(),
        state,
        group: None,
        agent: Some(agent),
        last_seq: 0,
        opened_at: Timestamp::from_seconds(1_800_000_000),
        closed_at: None,
    }
}

async fn record(house: &House, seqs: impl Iterator<Item = u32>) {
    let receipt = ReceiptRow {
        id: MessageId { conversation: conversation(1), seq: 6 },
        status: ReceiptStatus::Read,
        at: Timestamp::default(),
        provider_id: String::new(),
        code: None,
    };
    let step = HistoryWrite {
        shard: shard().get(),
        entries: seqs.map(entry).collect(),
        receipts: vec![receipt],
        conversations: vec![row(ConversationState::Closed, ANA)],
        ..HistoryWrite::default()
    };
    house.ports.history.write(step).await.unwrap();
}

async fn page(house: &House, before: Option<u64>) -> Value {
    let token = house.token(ANA).await;
    let query = before.map(|seq| format!("?before={seq}")).unwrap_or_default();
    let path = format!("/v1/conversations/{}/messages{query}", conversation(1));
    house.get(&path, &token).await.json()
}

fn seqs(page: &Value) -> Vec<u64> {
    let messages = page["messages"].as_array().unwrap();
    messages.iter().map(|message| message["seq"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn pages_lead_from_the_newest_to_the_first() {
    let house = House::open().await;
    long(&house, 130).await;
    record(&house, 1..=120).await;
    let newest = page(&house, None).await;
    assert_eq!(seqs(&newest), Vec::from_iter(81..=130));
    let joined = page(&house, Some(100)).await;
    assert_eq!(seqs(&joined), Vec::from_iter(50..=99), "view and history in one page");
    let older = page(&house, Some(50)).await;
    assert_eq!(seqs(&older), [&[1][..], &Vec::from_iter(3..=49)].concat());
    assert_eq!(older["gap"], false);
    let sixth = &older["messages"].as_array().unwrap()[4];
    assert_eq!((&sixth["text"], &sixth["status"]), (&"6".into(), &"read".into()));
    let nothing = page(&house, Some(1)).await;
    assert_eq!((seqs(&nothing).len(), &nothing["gap"]), (0, &false.into()));
}

#[tokio::test]
async fn a_gap_is_shown_as_a_gap() {
    let house = House::open().await;
    long(&house, 130).await;
    record(&house, (1..=40).chain(60..=70)).await;
    let lagging = page(&house, Some(81)).await;
    assert_eq!(lagging["gap"], true, "71 to 80 are not there yet");
    assert_eq!(seqs(&lagging).len(), limit::HISTORY_PAGE, "what is there is shown");
    let whole = page(&house, Some(41)).await;
    assert_eq!(whole["gap"], false);
}

#[tokio::test]
async fn a_conversation_long_closed_comes_from_history() {
    let house = House::open().await;
    record(&house, 1..=9).await;
    let path = format!("/v1/conversations/{}", conversation(1));
    let shown = house.get(&path, &house.token(ANA).await).await.json();
    assert_eq!((&shown["state"], &shown["channel_name"]), (&"closed".into(), &"line 1".into()));
    assert_eq!(seqs(&shown), [1, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(house.get(&path, &house.token(BIA).await).await.status, 404);
}
