//! Conversations that change hands, are set aside, come back, are warned, and end by themselves:
//! whoever has them on his screen is told, those who watch over him too, and nobody else.

use std::time::Duration;

use model::desk::{Event, MoveKind, Moved, Queued};
use model::id::{ConversationId, UserId};
use model::service::{Author, CloseReason};
use model::time::Timestamp;
use serde_json::{Value, json};

use super::Client;
use crate::desk::house::{
    ANA, BIA, House, MAX, SALES, SOL, assigned, begun, conversation, opened, queued, received, sent,
};

fn moved(id: ConversationId, seq: u32, kind: MoveKind, by: Author) -> Event {
    let note = "speaks German".to_owned();
    Event::Moved(Moved { conversation: id, seq, kind, by, note, handled: Duration::ZERO })
}

fn pended(id: ConversationId, seq: u32) -> Event {
    let by = Author::User(ANA);
    Event::Pended { conversation: id, seq, by, handled: Duration::ZERO }
}

fn back_to(id: ConversationId, seq: u32, agent: UserId) -> Event {
    Event::Queued(Queued { conversation: id, seq, group: SALES, agent: Some(agent), key: 0 })
}

fn ended(id: ConversationId, seq: u32, reason: CloseReason) -> Event {
    let by = Author::System;
    Event::Closed { conversation: id, seq, by, reason, handled: Duration::ZERO }
}

/// A user's socket whose first frame is read.
async fn socket(house: &House, user: UserId) -> Client {
    let mut client = Client::connect(house, user).await;
    client.expect("hello").await;
    client
}

impl Client {
    /// The next frame says where a conversation stands: state, group and agent.
    async fn stands(&mut self, state: &str, agent: Option<UserId>) -> Value {
        let told = self.expect("conversation.state").await["conversation"].take();
        let agent = agent.map(|agent| agent.0);
        assert_eq!((&told["state"], &told["agent"]), (&json!(state), &json!(agent)), "{told}");
        assert_eq!(told.get("messages"), None);
        told
    }

    /// Nothing came before this frame, which everybody hears who has a socket: his own presence.
    async fn nothing_more(&mut self, house: &House, user: UserId) {
        let presence = model::people::Presence::Paused;
        house.happen(vec![Event::PresenceChanged { user, presence, grace_until: None }]);
        assert_eq!(self.expect("presence").await["user"], user.0);
    }
}

#[tokio::test]
async fn a_transfer_takes_it_from_one_screen_and_puts_it_on_the_other() {
    let house = House::open().await;
    let id = conversation(1);
    house.show(begun(id, ANA)).await;
    let mut ana = socket(&house, ANA).await;
    let mut bia = socket(&house, BIA).await;
    let mut sol = socket(&house, SOL).await;
    let mut max = socket(&house, MAX).await;
    let transfer = moved(id, 3, MoveKind::Transfer, Author::User(ANA));
    house.happen(vec![transfer, assigned(id, 4, BIA)]);
    let how = json!({
        "kind": "transfer",
        "by": { "kind": "user", "user": ANA.0 },
        "note": "speaks German",
        "at_ms": 1_800_000_000_000_i64,
    });
    let gone = ana.expect("conversation.moved").await;
    assert_eq!(gone, json!({ "conversation": id.to_string(), "moved": how }));
    let came = bia.expect("conversation.assigned").await["conversation"].take();
    assert_eq!((&came["messages"][0]["text"], &came["moved"]), (&json!("hello"), &how));
    sol.stands("assigned", Some(BIA)).await;
    house.happen(vec![received(id, 5, "guten Tag")]);
    assert_eq!(bia.expect("message").await["message"]["seq"], 5);
    ana.nothing_more(&house, ANA).await;
    max.nothing_more(&house, MAX).await;
}

#[tokio::test]
async fn a_move_into_a_queue_is_counted_once_and_one_within_it_not_at_all() {
    let house = House::open().await;
    let id = conversation(1);
    house.show(begun(id, ANA)).await;
    let mut ana = socket(&house, ANA).await;
    let mut sol = socket(&house, SOL).await;
    let redirect = |seq| moved(id, seq, MoveKind::Redirect, Author::System);
    house.happen(vec![redirect(3), queued(id, 4)]);
    assert_eq!(ana.expect("conversation.moved").await["moved"]["kind"], "redirect");
    let waits = json!({ "group": SALES.0, "waiting": 1 });
    assert_eq!(ana.expect("queue").await, waits);
    sol.stands("queued", None).await;
    assert_eq!(sol.expect("queue").await, waits);
    // Long enough after the last notice for another one.
    house.clock.advance(model::limit::QUEUE_NOTICE);
    house.happen(vec![redirect(5), queued(id, 6)]);
    ana.nothing_more(&house, ANA).await;
    assert_eq!(sol.expect("presence").await["user"], ANA.0, "nothing changed for him either");
}

#[tokio::test]
async fn a_move_to_the_same_agent_changes_nothing_on_his_screen() {
    let house = House::open().await;
    let id = conversation(1);
    house.show(begun(id, ANA)).await;
    let mut ana = socket(&house, ANA).await;
    house.happen(vec![moved(id, 3, MoveKind::Redirect, Author::System), assigned(id, 4, ANA)]);
    ana.nothing_more(&house, ANA).await;
    let token = house.token(ANA).await;
    let mine = house.get("/v1/conversations", &token).await.json();
    assert_eq!(mine["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_set_aside_stays_on_the_screen_and_comes_back_through_the_own_line() {
    let house = House::open().await;
    let id = conversation(1);
    house.show(begun(id, ANA)).await;
    let mut ana = socket(&house, ANA).await;
    let mut sol = socket(&house, SOL).await;
    house.happen(vec![pended(id, 3)]);
    ana.stands("pending", Some(ANA)).await;
    sol.stands("pending", Some(ANA)).await;
    house.happen(vec![received(id, 4, "me again"), back_to(id, 5, ANA)]);
    assert_eq!(ana.expect("message").await["message"]["seq"], 4);
    ana.stands("queued", Some(ANA)).await;
    sol.stands("queued", Some(ANA)).await;
    let hello = Client::connect(&house, ANA).await.expect("hello").await;
    assert_eq!(hello["conversations"][0]["state"], "queued");
    assert_eq!(hello["queues"][0]["waiting"], 0, "an own line is no queue");
    house.clock.advance(model::limit::QUEUE_NOTICE);
    house.happen(vec![assigned(id, 6, ANA)]);
    ana.stands("assigned", Some(ANA)).await;
    sol.stands("assigned", Some(ANA)).await;
    ana.nothing_more(&house, ANA).await;
}

#[tokio::test]
async fn one_that_waits_in_a_queue_beside_an_own_line_is_counted_alone() {
    let house = House::open().await;
    let (mine, waiting) = (conversation(1), conversation(2));
    let set_aside = [begun(mine, ANA), vec![pended(mine, 3), back_to(mine, 4, ANA)]].concat();
    house.show(set_aside).await;
    house.show(vec![opened(waiting), queued(waiting, 1)]).await;
    let token = house.token(ANA).await;
    let queues = house.get("/v1/queues", &token).await.json();
    assert_eq!(queues["items"][0]["waiting"], 1);
    let queued = house.get("/v1/conversations?state=queued", &token).await.json();
    assert_eq!(queued["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_warning_is_told_with_its_end_and_until_somebody_writes() {
    let house = House::open().await;
    let id = conversation(1);
    house.show(begun(id, ANA)).await;
    let mut ana = socket(&house, ANA).await;
    let until = Timestamp::from_seconds(1_800_000_600);
    let words = sent(id, 3, ANA, "are you there?");
    house.happen(vec![words, Event::Warned { conversation: id, seq: 4, until }]);
    ana.expect("message").await;
    let told = ana.stands("assigned", Some(ANA)).await;
    assert_eq!(told["warned_until_ms"], 1_800_000_600_000_i64);
    house.happen(vec![received(id, 5, "yes")]);
    ana.expect("message").await;
    assert_eq!(ana.stands("assigned", Some(ANA)).await["warned_until_ms"], Value::Null);
}

#[tokio::test]
async fn an_end_has_its_reason_wherever_the_conversation_was() {
    let house = House::open().await;
    let mut ana = socket(&house, ANA).await;
    let mut sol = socket(&house, SOL).await;
    for (n, reason) in CloseReason::ALL.into_iter().enumerate() {
        let id = conversation(n as u64 + 1);
        let before = match n % 4 {
            0 => vec![],
            1 => vec![pended(id, 3)],
            2 => vec![back_to(id, 3, ANA)],
            _ => vec![moved(id, 3, MoveKind::Redirect, Author::System)],
        };
        house.happen(begun(id, ANA));
        house.happen([before, vec![ended(id, 4, reason)]].concat());
        ana.expect("conversation.assigned").await;
        sol.stands("assigned", Some(ANA)).await;
        if n % 4 == 1 || n % 4 == 2 {
            ana.expect("conversation.state").await;
            sol.expect("conversation.state").await;
        }
        let told = ana.expect("conversation.closed").await;
        assert_eq!(told, json!({ "conversation": id.to_string(), "reason": reason.name() }));
        assert_eq!(sol.expect("conversation.state").await["conversation"]["state"], "closed");
    }
    let token = house.token(ANA).await;
    assert_eq!(house.get("/v1/conversations", &token).await.json(), json!({ "items": [] }));
    let queues = house.get("/v1/queues", &token).await.json();
    assert_eq!(queues["items"][0]["waiting"], 0);
}
