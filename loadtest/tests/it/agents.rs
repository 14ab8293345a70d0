//! Virtual agents: what they ask of the desk, and what they hold against it.

use std::time::Duration;

use loadtest::agent::{AgentPlan, AgentRecord, Agents, DeskPlan, Habits, ReplyOutcome};
use loadtest::customer::{MessageKey, Token};
use model::service::Secret;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::desk::{FalseDesk, LiveEnd};

const RUN: u64 = 7;

fn start(desk: &FalseDesk, cap: u8) -> Agents {
    let password = Secret::new("secret".to_owned());
    let handle = (Duration::ZERO, Duration::from_millis(1));
    Agents::start(DeskPlan {
        desk: desk.address,
        agents: vec![AgentPlan { login: "ana".to_owned(), password, cap }],
        habits: Habits { reply_share: 0.0, handle, idle: Duration::from_millis(1) },
        run: RUN,
        origin: Instant::now(),
        seed: 1,
    })
}

fn done(what: &str) -> (u16, Value) {
    if what.ends_with("/messages") { (200, json!({"id": "1.5"})) } else { (200, json!({})) }
}

fn message(seq: u32, number: u32, last: bool) -> Value {
    let key = MessageKey { contact: 4, number };
    let token = Token { run: RUN, key, planned: Duration::ZERO, last };
    json!({"seq": seq, "direction": "in", "author": {"kind": "contact", "user": null},
           "text": format!("{token} oi"), "unsupported": null, "at_ms": 1, "status": null})
}

fn conversation(id: u64, messages: &[Value]) -> Value {
    json!({"id": id.to_string(), "address": "5511900000004", "messages": messages})
}

fn hello(conversations: &[Value]) -> Value {
    json!({"user": {}, "presence": "offline", "conversations": conversations, "queues": []})
}

async fn greeted(desk: &mut FalseDesk) -> LiveEnd {
    let mut live = desk.sockets.recv().await.unwrap();
    live.send("hello", hello(&[])).await;
    live
}

async fn record(agents: &Agents) -> AgentRecord {
    agents.stop();
    while !agents.gone() {
        tokio::task::yield_now().await;
    }
    agents.record()
}

#[tokio::test]
async fn the_last_message_is_answered_and_the_conversation_closed() {
    let mut desk = FalseDesk::open(|what, _| done(what)).await;
    let agents = start(&desk, 3);
    let mut live = greeted(&mut desk).await;
    let presence = desk.ask_ending("/presence").await;
    assert_eq!(presence.body, json!({"presence": "available"}));
    let assigned = json!({"conversation": conversation(1, &[message(1, 1, false)])});
    live.send("conversation.assigned", assigned).await;
    live.send("message", json!({"conversation": "1", "message": message(4, 2, true)})).await;
    let reply = desk.ask_ending("/messages").await;
    assert_eq!(reply.what, "POST /v1/conversations/1/messages");
    assert!(reply.body["text"].as_str().unwrap().contains("re m-4-2"), "{}", reply.body);
    assert_eq!(desk.ask_ending("/close").await.what, "POST /v1/conversations/1/close");
    live.send("conversation.closed", json!({"conversation": "1"})).await;
    live.skip();
    live.send("queue", json!({})).await;
    live.left().await;
    let record = record(&agents).await;
    assert_eq!((record.shown.len(), record.shown_us.len(), record.closed), (2, 2, 1));
    assert_eq!(record.replies[0].outcome, ReplyOutcome::Accepted("1.5".parse().unwrap()));
    assert_eq!((record.bad_frames, record.held.len()), (1, 0), "a number was left out");
}

#[tokio::test]
async fn a_request_is_repeated_with_the_same_key_until_the_desk_decides() {
    let mut desk = FalseDesk::open(|what, number| match number {
        2 => (503, json!({})),
        3 => (202, json!({"command": "00"})),
        _ => done(what),
    })
    .await;
    let agents = start(&desk, 3);
    let mut live = greeted(&mut desk).await;
    desk.ask_ending("/presence").await;
    let assigned = json!({"conversation": conversation(1, &[message(1, 1, true)])});
    live.send("conversation.assigned", assigned).await;
    let (first, second, third) = (
        desk.ask_ending("/messages").await,
        desk.ask_ending("/messages").await,
        desk.ask_ending("/messages").await,
    );
    assert_eq!([first.answered, second.answered, third.answered], [503, 202, 200]);
    assert_eq!((&first.key, &first.body), (&second.key, &second.body));
    assert_eq!((&first.key, &first.body), (&third.key, &third.body));
    desk.ask_ending("/close").await;
    let record = record(&agents).await;
    assert_eq!((record.replies.len(), record.retries), (1, 2));
}

#[tokio::test]
async fn a_refusal_is_taken_at_its_word() {
    let problem = json!({"type": "urn:chasqui:problem:not-responsible"});
    let refuse = move |what: &str, _| {
        if what.ends_with("/messages") { (409, problem.clone()) } else { done(what) }
    };
    let mut desk = FalseDesk::open(refuse).await;
    let agents = start(&desk, 3);
    let mut live = greeted(&mut desk).await;
    let assigned = json!({"conversation": conversation(1, &[message(1, 1, true)])});
    live.send("conversation.assigned", assigned).await;
    desk.ask_ending("/close").await;
    let record = record(&agents).await;
    assert_eq!(record.replies[0].outcome, ReplyOutcome::Refused("not-responsible".to_owned()));
    assert_eq!(record.refusals["not-responsible"], 1);
    assert_eq!(record.held.len(), 1, "it was never said to be closed");
}

#[tokio::test]
async fn one_above_the_cap_told_at_the_start_is_a_breach() {
    let mut desk = FalseDesk::open(|what, _| done(what)).await;
    let agents = start(&desk, 1);
    let mut live = greeted(&mut desk).await;
    for id in [1, 2] {
        let assigned = json!({"conversation": conversation(id, &[message(1, id as u32, false)])});
        live.send("conversation.assigned", assigned).await;
    }
    live.send("message", json!({"conversation": "2", "message": message(2, 9, true)})).await;
    desk.ask_ending("/close").await;
    let record = record(&agents).await;
    assert_eq!(record.over_cap.len(), 1);
    let over = &record.over_cap[0];
    assert_eq!((over.agent.as_str(), over.held, over.cap), ("ana", 2, 1));
}

#[tokio::test]
async fn a_lost_socket_is_opened_again_and_hello_says_what_is_held() {
    let mut desk = FalseDesk::open(|what, _| done(what)).await;
    let agents = start(&desk, 2);
    let mut live = greeted(&mut desk).await;
    let assigned = |id| json!({"conversation": conversation(id, &[message(1, 1, false)])});
    live.send("conversation.assigned", assigned(1)).await;
    live.send("conversation.assigned", assigned(2)).await;
    drop(live);
    let mut live = desk.sockets.recv().await.unwrap();
    let missed = conversation(2, &[message(1, 1, false), message(4, 2, true)]);
    live.send("hello", hello(&[missed])).await;
    let reply = desk.ask_ending("/messages").await;
    assert_eq!(reply.what, "POST /v1/conversations/2/messages");
    desk.ask_ending("/close").await;
    // One seat is free again: a second conversation is no breach.
    live.send("conversation.assigned", assigned(3)).await;
    live.send("message", json!({"conversation": "3", "message": message(9, 9, true)})).await;
    assert!(desk.ask_ending("/close").await.what.contains("/3/"));
    let record = record(&agents).await;
    assert_eq!((record.reconnects, record.over_cap.len()), (1, 0));
    assert!(record.shown.contains(&MessageKey { contact: 4, number: 2 }));
}

#[tokio::test]
async fn when_nobody_writes_any_more_idle_conversations_are_closed() {
    let mut desk = FalseDesk::open(|what, _| done(what)).await;
    let agents = start(&desk, 3);
    let mut live = greeted(&mut desk).await;
    let assigned = json!({"conversation": conversation(1, &[message(1, 1, false)])});
    live.send("conversation.assigned", assigned).await;
    agents.wind_down();
    assert_eq!(desk.ask_ending("/close").await.what, "POST /v1/conversations/1/close");
    record(&agents).await;
}
