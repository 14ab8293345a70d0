//! Who has a conversation: the wishes that change it, who may have them, and their repeats.

use hyper::Method;
use model::desk::{Command, Event, MoveKind, Moved, Rejection, Target};
use model::id::{ConversationId, UserId};
use model::limit;
use model::service::Author;
use serde_json::{Value, json};
use storage::port::Topic;

use super::{post, with_conversation};
use crate::desk::house::{
    ANA, BIA, House, MAX, SALES, SOL, ZOE, assigned, begun, conversation, queued, sent,
};
use crate::installation::bodies;

const WISHES: [&str; 4] = ["transfer", "reassign", "pend", "resume"];

fn path(wish: &str) -> String {
    format!("/v1/conversations/{}/{wish}", conversation(1))
}

fn to_bia() -> Value {
    json!({ "to": { "agent": BIA.0 }, "note": "speaks German" })
}

fn moved(id: ConversationId, seq: u32, by: UserId) -> Event {
    Event::Moved(Moved {
        conversation: id,
        seq,
        kind: MoveKind::Transfer,
        by: Author::User(by),
        note: String::new(),
        handled: std::time::Duration::ZERO,
    })
}

#[tokio::test]
async fn each_wish_goes_to_the_log_as_it_is_meant() {
    let (house, ana) = with_conversation().await;
    let sol = house.token(SOL).await;
    let id = conversation(1);
    let (agent, group) = (Target::Agent(BIA), Target::Group(SALES));
    let note = |text: &str| text.to_owned();
    let to_sales = json!({ "to": { "group": SALES.0 } });
    let wishes = [
        (&ana, ANA, "transfer", to_bia(), transfer(agent, "speaks German")),
        (&ana, ANA, "transfer", to_sales.clone(), transfer(group, "")),
        (&sol, SOL, "reassign", to_sales, {
            Command::Reassign { conversation: id, to: group, note: note("") }
        }),
        (&ana, ANA, "pend", json!({}), Command::Pend { conversation: id }),
        (&ana, ANA, "resume", json!({}), Command::Resume { conversation: id }),
    ];
    for (n, (token, user, wish, body, want)) in wishes.into_iter().enumerate() {
        let distributor = async {
            let command = house.command(Topic::Commands, n + 1).await.unwrap();
            assert_eq!((command.user, &command.command), (user, &want));
            house.answer(&command, Vec::new());
        };
        let path = path(wish);
        let (answer, ()) = tokio::join!(post(&house, &path, (token, None), &body), distributor);
        assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({})), "{wish}");
    }
}

fn transfer(to: Target, note: &str) -> Command {
    Command::Transfer { conversation: conversation(1), to, note: note.to_owned() }
}

#[tokio::test]
async fn a_refusal_is_409_with_its_name() {
    let (house, ana) = with_conversation().await;
    let refusals = [
        (Rejection::AgentFull, "agent-full"),
        (Rejection::NotAvailable, "not-available"),
        (Rejection::TransferNotAllowed, "transfer-not-allowed"),
        (Rejection::NoteRequired, "note-required"),
        (Rejection::QueueFull, "queue-full"),
        (Rejection::AlreadyPending, "already-pending"),
        (Rejection::NotPending, "not-pending"),
    ];
    for (n, (rejection, name)) in refusals.into_iter().enumerate() {
        let distributor = async {
            let command = house.command(Topic::Commands, n + 1).await.unwrap();
            house.answer(&command, vec![Event::CommandRejected { rejection }]);
        };
        let (path, body) = (path("transfer"), to_bia());
        let (answer, ()) = tokio::join!(post(&house, &path, (&ana, None), &body), distributor);
        assert_eq!(answer.problem(), (409, name.to_owned()));
    }
}

#[tokio::test]
async fn it_is_the_agents_to_give_and_the_supervisors_to_reassign() {
    let (house, ana) = with_conversation().await;
    for stranger in [BIA, ZOE, MAX] {
        let token = house.token(stranger).await;
        for wish in WISHES {
            let answer = post(&house, &path(wish), (&token, None), &to_bia()).await;
            assert_eq!(answer.problem(), (404, "not-found".to_owned()), "{stranger} {wish}");
        }
    }
    let answer = post(&house, &path("reassign"), (&ana, None), &to_bia()).await;
    assert_eq!(answer.problem(), (403, "forbidden".to_owned()));
    assert!(bodies(&house.ports, Topic::Commands).is_empty());
}

#[tokio::test]
async fn whom_it_goes_to_is_said_once_and_the_note_is_bounded() {
    let (house, _) = with_conversation().await;
    let sol = house.token(SOL).await;
    let long = "x".repeat(limit::NOTE_BYTES + 1);
    let bad = [
        json!({}),
        json!({ "to": {} }),
        json!({ "to": { "agent": 1, "group": 1 } }),
        json!({ "to": { "agent": "bia" } }),
        json!({ "to": { "team": 1 } }),
        json!({ "to": { "group": 1 }, "nota": "x" }),
        json!({ "to": { "group": 1 }, "note": long }),
    ];
    for body in bad {
        for wish in ["transfer", "reassign"] {
            let answer = post(&house, &path(wish), (&sol, None), &body).await;
            assert_eq!(answer.problem(), (400, "malformed".to_owned()), "{wish} {body}");
        }
    }
    assert!(bodies(&house.ports, Topic::Commands).is_empty());
}

#[tokio::test]
async fn a_repeat_has_the_first_answer_though_the_conversation_is_gone() {
    let (house, ana) = with_conversation().await;
    let id = conversation(1);
    let once = (ana.as_str(), Some("once"));
    let (path, body) = (path("transfer"), to_bia());
    let distributor = async {
        let command = house.command(Topic::Commands, 1).await.unwrap();
        house.answer(&command, vec![moved(id, 3, ANA), assigned(id, 4, BIA)]);
    };
    let (first, ()) = tokio::join!(post(&house, &path, once, &body), distributor);
    assert_eq!(first.status, 200);
    let repeat = post(&house, &path, once, &body).await;
    assert_eq!((repeat.status.as_u16(), &repeat.body), (200, &first.body));
    let gone = (404, "not-found".to_owned());
    let another = (ana.as_str(), Some("again"));
    assert_eq!(post(&house, &path, another, &body).await.problem(), gone);
    assert_eq!(post(&house, &path, (&ana, None), &body).await.problem(), gone);
    let bia = house.token(BIA).await;
    let hers = house.get("/v1/conversations", &bia).await.json();
    assert_eq!(hers["items"][0]["id"], id.to_string());
    assert_eq!(bodies(&house.ports, Topic::Commands).len(), 1);
}

#[tokio::test]
async fn a_reply_sent_before_it_went_still_has_its_answer() {
    let (house, ana) = with_conversation().await;
    let id = conversation(1);
    let by = (ana.as_str(), Some("once"));
    let (path, body) = (path("messages"), json!({ "text": "a colleague takes over" }));
    let distributor = async {
        let command = house.command(Topic::Commands, 1).await.unwrap();
        house.answer(&command, vec![sent(id, 3, ANA, "a colleague takes over")]);
    };
    let (first, ()) = tokio::join!(post(&house, &path, by, &body), distributor);
    house.show(vec![moved(id, 4, ANA), queued(id, 5)]).await;
    let repeat = post(&house, &path, by, &body).await;
    assert_eq!((repeat.status.as_u16(), &repeat.body), (200, &first.body));
    let other = json!({ "text": "something else" });
    assert_eq!(post(&house, &path, by, &other).await.problem(), (404, "not-found".to_owned()));
}

#[tokio::test]
async fn who_watches_lists_the_whole_operation_page_by_page() {
    let house = House::open().await;
    let count = limit::LISTED as u64 + 1;
    for n in 1..=count {
        house.happen(begun(conversation(n), if n % 2 == 0 { ANA } else { BIA }));
    }
    let pended = Event::Pended {
        conversation: conversation(2),
        seq: 3,
        by: Author::User(ANA),
        handled: std::time::Duration::ZERO,
    };
    house.show(vec![pended]).await;
    let list = "/v1/conversations?scope=operation";
    let sol = house.token(SOL).await;
    let first = house.get(list, &sol).await.json();
    assert_eq!(first["items"].as_array().unwrap().len(), limit::LISTED);
    assert_eq!(first["items"][0].get("messages"), None);
    let next = first["next"].as_str().unwrap();
    let second = house.get(&format!("{list}&after={next}"), &sol).await.json();
    assert_eq!(second["items"][0]["id"], conversation(count).to_string());
    assert_eq!((second["items"].as_array().unwrap().len(), &second["next"]), (1, &Value::Null));
    let pending = house.get(&format!("{list}&state=pending"), &sol).await.json();
    assert_eq!(pending["items"].as_array().unwrap().len(), 1);
    assert_eq!(pending["items"][0]["id"], conversation(2).to_string());
    let ana = house.token(ANA).await;
    let mine = house.get("/v1/conversations?state=pending", &ana).await.json();
    assert_eq!(mine["items"][0]["state"], "pending");
    assert_eq!(house.get(list, &ana).await.problem(), (403, "forbidden".to_owned()));
    let max = house.token(MAX).await;
    assert_eq!(house.get(list, &max).await.json(), json!({ "items": [], "next": null }));
    let answer = house.ask(Method::GET, "/v1/conversations?after=x", &sol, None).await;
    assert_eq!(answer.problem(), (400, "malformed".to_owned()));
}
