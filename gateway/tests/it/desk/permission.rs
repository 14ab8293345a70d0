//! Who sees what: deny by default.

use gateway::api::{ROUTES, Verb};
use hyper::Method;
use storage::port::Topic;

use super::house::{ANA, BIA, House, SOL, ZOE, begun, closed, conversation, text};
use crate::installation::bodies;

fn method(verb: Verb) -> Method {
    match verb {
        Verb::Get => Method::GET,
        Verb::Post => Method::POST,
        Verb::Put => Method::PUT,
    }
}

#[tokio::test]
async fn without_a_login_there_are_two_routes() {
    let house = House::open().await;
    let mut open = Vec::new();
    for route in ROUTES {
        let path = route.path.replace("{id}", &conversation(1).to_string());
        let answer = house.ask(method(route.verb), &path, "", text("x")).await;
        assert_eq!(answer.status == 401, !route.open, "{} {path}", method(route.verb));
        if route.open {
            open.push(route.path);
        } else {
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
    }
    assert_eq!(open, ["/v1/login", "/v1/openapi.json"]);
}

#[tokio::test]
async fn a_foreign_conversation_is_not_there() {
    let house = House::open().await;
    house.show(begun(conversation(1), ANA)).await;
    let of = |path: &str| format!("/v1/conversations/{}{path}", conversation(1));
    for stranger in [BIA, ZOE] {
        let token = house.token(stranger).await;
        assert_eq!(house.get(&of(""), &token).await.problem(), not_found());
        assert_eq!(house.get(&of("/messages"), &token).await.problem(), not_found());
        let reply = house.ask(Method::POST, &of("/messages"), &token, text("x")).await;
        assert_eq!(reply.problem(), not_found());
        let close = house.ask(Method::POST, &of("/close"), &token, None).await;
        assert_eq!(close.problem(), not_found());
    }
    assert!(bodies(&house.ports, Topic::Commands).is_empty());
    for insider in [ANA, SOL] {
        let token = house.token(insider).await;
        assert_eq!(house.get(&of("/messages"), &token).await.status, 200);
    }
}

#[tokio::test]
async fn an_agent_still_sees_what_was_his() {
    let house = House::open().await;
    let mut events = begun(conversation(1), ANA);
    events.push(closed(conversation(1), 3, ANA));
    house.show(events).await;
    let path = format!("/v1/conversations/{}", conversation(1));
    let token = house.token(ANA).await;
    assert_eq!(house.get(&path, &token).await.json()["state"], "closed");
    assert_eq!(house.get(&path, &house.token(BIA).await).await.problem(), not_found());
}

#[tokio::test]
async fn what_is_no_conversation_is_not_found() {
    let house = House::open().await;
    let token = house.token(SOL).await;
    for id in ["0", "x", "-1", "99999999999999999999", "9223372036854775807", "%00"] {
        let answer = house.get(&format!("/v1/conversations/{id}"), &token).await;
        assert_eq!(answer.problem(), not_found(), "{id}");
    }
}

#[tokio::test]
async fn lists_end_at_the_operation() {
    let house = House::open().await;
    let ids = |list: serde_json::Value| -> Vec<u64> {
        let items = list["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["id"].as_u64().unwrap()).collect()
    };
    let (ana, zoe) = (house.token(ANA).await, house.token(ZOE).await);
    let expect = [("users", vec![1, 2, 3], vec![4, 5]), ("groups", vec![1], vec![])];
    for (list, hers, theirs) in expect {
        let path = format!("/v1/{list}");
        assert_eq!(ids(house.get(&path, &ana).await.json()), hers);
        assert_eq!(ids(house.get(&path, &zoe).await.json()), theirs);
    }
    assert_eq!(ids(house.get("/v1/channels", &ana).await.json()), [1, 2, 3]);
    assert_eq!(ids(house.get("/v1/channels", &zoe).await.json()), [0; 0]);
}

fn not_found() -> (u16, String) {
    (404, "not-found".to_owned())
}
