//! Wishes: what goes into the log, and what their author is told.

mod assignment;

use hyper::{Method, Request};
use model::desk::{Body, Command, Event, Rejection};
use model::people::Presence;
use model::service::Content;
use serde_json::{Value, json};
use storage::port::{Partition, Topic};

use super::house::{ANA, Answer, House, begun, closed, conversation, sent, shard, text};
use crate::installation::bodies;

fn messages() -> String {
    format!("/v1/conversations/{}/messages", conversation(1))
}

async fn reply(house: &House, token: &str, key: Option<&str>) -> Answer {
    say(house, token, key, "good day").await
}

async fn say(house: &House, token: &str, key: Option<&str>, words: &str) -> Answer {
    post(house, &messages(), (token, key), &json!({ "text": words })).await
}

async fn post(house: &House, path: &str, by: (&str, Option<&str>), body: &Value) -> Answer {
    let (token, key) = by;
    let mut request = Request::post(house.url(path))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    house.send(request.body(body.to_string()).unwrap()).await
}

async fn with_conversation() -> (House, String) {
    let house = House::open().await;
    house.show(begun(conversation(1), ANA)).await;
    let token = house.token(ANA).await;
    (house, token)
}

#[tokio::test]
async fn a_reply_is_answered_with_its_id_once_it_is_in_the_log() {
    let (house, token) = with_conversation().await;
    let distributor = async {
        let command = house.command(Topic::Commands, 1).await.unwrap();
        assert_eq!(command.user, ANA);
        let content = Content::Text("good day".to_owned());
        let want = Command::Send { conversation: conversation(1), content };
        assert_eq!(command.command, want);
        house.answer(&command, vec![sent(conversation(1), 3, ANA, "good day")]);
    };
    let (answer, ()) = tokio::join!(reply(&house, &token, None), distributor);
    assert_eq!((answer.status.as_u16(), answer.json()["id"].as_str()), (200, Some(id(3).as_str())));
    let (partition, _) = bodies(&house.ports, Topic::Commands).remove(0);
    let home = house.ports.place.of_conversation(conversation(1));
    assert_eq!(partition, Partition::new(Topic::Commands, home.index()));
}

#[tokio::test]
async fn a_refused_reply_is_409_with_the_refusals_name() {
    let (house, token) = with_conversation().await;
    let distributor = async {
        let command = house.command(Topic::Commands, 1).await.unwrap();
        let rejection = Rejection::WindowClosed;
        house.answer(&command, vec![Event::CommandRejected { rejection }]);
    };
    let (answer, ()) = tokio::join!(reply(&house, &token, None), distributor);
    assert_eq!(answer.problem(), (409, "window-closed".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn an_unanswered_command_is_202_with_its_id() {
    let (house, token) = with_conversation().await;
    let answer = reply(&house, &token, Some("once")).await;
    assert_eq!(answer.status, 202);
    let commands = bodies(&house.ports, Topic::Commands);
    let [(_, Body::Command(command))] = commands.as_slice() else { panic!("{commands:?}") };
    assert_eq!(answer.json(), json!({ "command": command.id.to_string() }));
}

#[tokio::test]
async fn an_idempotency_key_is_one_command() {
    let (house, token) = with_conversation().await;
    let distributor = async {
        let command = house.command(Topic::Commands, 1).await.unwrap();
        house.answer(&command, vec![sent(conversation(1), 3, ANA, "good day")]);
    };
    let (first, ()) = tokio::join!(reply(&house, &token, Some("once")), distributor);
    let second = reply(&house, &token, Some("once")).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
    assert_eq!(first.body, second.body, "a repeat has the first answer");
    assert_eq!(bodies(&house.ports, Topic::Commands).len(), 1);
}

#[tokio::test]
async fn a_key_used_for_another_command_is_422_and_has_no_effect() {
    let (house, token) = with_conversation().await;
    house.show(begun(conversation(2), ANA)).await;
    let distributor = async {
        let command = house.command(Topic::Commands, 1).await.unwrap();
        house.answer(&command, vec![sent(conversation(1), 3, ANA, "good day")]);
    };
    let (first, ()) = tokio::join!(reply(&house, &token, Some("once")), distributor);
    assert_eq!(first.status, 200);
    let (by, day) = ((token.as_str(), Some("once")), json!({ "text": "good day" }));
    let reused = (422, "idempotency-key-reused".to_owned());
    assert_eq!(say(&house, &token, Some("once"), "good night").await.problem(), reused);
    let elsewhere = messages().replace(&conversation(1).to_string(), &conversation(2).to_string());
    assert_eq!(post(&house, &elsewhere, by, &day).await.problem(), reused);
    let close = format!("/v1/conversations/{}/close", conversation(1));
    assert_eq!(post(&house, &close, by, &json!({})).await.problem(), reused);
    assert_eq!(reply(&house, &token, Some("once")).await.body, first.body);
    assert_eq!(bodies(&house.ports, Topic::Commands).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_a_key_every_command_is_its_own() {
    let (house, token) = with_conversation().await;
    for _ in 0..2 {
        assert_eq!(reply(&house, &token, None).await.status, 202);
    }
    let commands = bodies(&house.ports, Topic::Commands);
    let [(_, Body::Command(a)), (_, Body::Command(b))] = commands.as_slice() else {
        panic!("{commands:?}")
    };
    assert_ne!(a.id, b.id);
}

#[tokio::test]
async fn a_bad_key_is_refused() {
    let (house, token) = with_conversation().await;
    for key in [String::new(), "x".repeat(256)] {
        let answer = reply(&house, &token, Some(&key)).await;
        assert_eq!(answer.problem(), (400, "malformed".to_owned()));
    }
    assert!(bodies(&house.ports, Topic::Commands).is_empty());
}

#[tokio::test]
async fn a_close_is_answered_when_it_is_over() {
    let (house, token) = with_conversation().await;
    let distributor = async {
        let command = house.command(Topic::Commands, 1).await.unwrap();
        assert_eq!(command.command, Command::Close { conversation: conversation(1) });
        house.answer(&command, vec![closed(conversation(1), 3, ANA)]);
    };
    let path = format!("/v1/conversations/{}/close", conversation(1));
    let (answer, ()) = tokio::join!(house.ask(Method::POST, &path, &token, None), distributor);
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({})));
    let mine = house.get("/v1/conversations", &token).await;
    assert_eq!(mine.json(), json!({ "items": [] }));
}

#[tokio::test]
async fn presence_goes_to_the_control_of_the_users_shard() {
    let house = House::open().await;
    let token = house.token(ANA).await;
    let distributor = async {
        let command = house.command(Topic::Control, 1).await.unwrap();
        let presence = Presence::Available;
        assert_eq!(command.command, Command::SetPresence { presence });
        house.answer(
            &command,
            vec![Event::PresenceChanged { user: ANA, presence, grace_until: None }],
        );
    };
    let body = Some(json!({ "presence": "available" }));
    let (answer, ()) =
        tokio::join!(house.ask(Method::PUT, "/v1/me/presence", &token, body), distributor);
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({})));
    let (partition, _) = bodies(&house.ports, Topic::Control).remove(0);
    assert_eq!(partition, Partition::new(Topic::Control, u32::from(shard().get())));
    assert_eq!(house.get("/v1/me", &token).await.json()["presence"], "available");
}

#[tokio::test]
async fn a_text_nobody_could_send_does_not_reach_the_log() {
    let (house, token) = with_conversation().await;
    for bad in ["", " \n ", &"x".repeat(16 * 1024 + 1)] {
        let answer = house.ask(Method::POST, &messages(), &token, text(bad)).await;
        assert_eq!(answer.problem(), (409, "unsendable-content".to_owned()));
    }
    assert!(bodies(&house.ports, Topic::Commands).is_empty());
}

fn id(seq: u32) -> String {
    format!("{}.{seq}", conversation(1))
}
