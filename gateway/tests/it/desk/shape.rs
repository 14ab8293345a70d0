//! The API's own shape: its description, its errors, its headers.

use std::collections::BTreeSet;

use gateway::api::{OPENAPI, ROUTES, Verb};
use hyper::{Method, Request};
use model::limit;
use serde_json::{Value, json};

use super::house::{ANA, House, begun, conversation, text};

#[test]
fn the_description_and_the_router_have_the_same_routes() {
    let described: Value = serde_json::from_str(OPENAPI).unwrap();
    let mut in_description = BTreeSet::new();
    for (path, verbs) in described["paths"].as_object().unwrap() {
        for (verb, operation) in verbs.as_object().unwrap() {
            let open = operation["security"].as_array().is_some_and(Vec::is_empty);
            in_description.insert((path.clone(), verb.clone(), open));
        }
    }
    let verb = |verb| match verb {
        Verb::Get => "get",
        Verb::Post => "post",
        Verb::Put => "put",
    };
    let in_router: BTreeSet<_> = ROUTES
        .iter()
        .map(|route| (route.path.to_owned(), verb(route.verb).to_owned(), route.open))
        .collect();
    assert_eq!(in_description, in_router);
    assert_eq!(in_router.len(), ROUTES.len(), "each route once");
}

#[test]
fn the_description_refers_only_to_what_it_has() {
    let described: Value = serde_json::from_str(OPENAPI).unwrap();
    let mut left = vec![&described];
    let mut seen = 0;
    while let Some(value) = left.pop() {
        match value {
            Value::Object(map) => left.extend(map.values()),
            Value::Array(items) => left.extend(items),
            Value::String(text) if text.starts_with("#/") => {
                assert!(described.pointer(&text[1..]).is_some(), "{text}");
                seen += 1;
            }
            _ => {}
        }
    }
    assert!(seen > 20);
}

#[tokio::test]
async fn the_description_is_served() {
    let house = House::open().await;
    let answer = house.get("/v1/openapi.json", "").await;
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.json()["openapi"], "3.1.0");
}

#[tokio::test]
async fn every_error_is_a_problem() {
    let house = House::open().await;
    house.show(begun(conversation(1), ANA)).await;
    let token = house.token(ANA).await;
    let messages = format!("/v1/conversations/{}/messages", conversation(1));
    let unknown = house.get("/v1/nothing", &token).await;
    assert_eq!(unknown.problem(), (404, "not-found".to_owned()));
    let wrong = house.ask(Method::DELETE, "/v1/me", &token, None).await;
    assert_eq!(wrong.problem(), (405, "wrong-method".to_owned()));
    assert_eq!(wrong.headers["allow"], "GET,HEAD");
    let huge = text(&"x".repeat(limit::API_BODY_BYTES));
    let huge = house.ask(Method::POST, &messages, &token, huge).await;
    assert_eq!(huge.problem(), (413, "too-large".to_owned()));
    let query = house.get(&format!("{messages}?before=soon"), &token).await;
    assert_eq!(query.problem(), (400, "malformed".to_owned()));
    let upgrade = house.get("/v1/live", &token).await;
    assert_eq!(upgrade.problem(), (400, "malformed".to_owned()));
}

#[tokio::test]
async fn a_malformed_body_names_the_field() {
    let house = House::open().await;
    house.show(begun(conversation(1), ANA)).await;
    let token = house.token(ANA).await;
    let messages = format!("/v1/conversations/{}/messages", conversation(1));
    let deep = format!("{{\"text\":{}", "[".repeat(100_000));
    let bodies = [
        ("{", "EOF"),
        ("{}", "text"),
        (r#"{"text":3}"#, "text"),
        (r#"{"text":"a","txet":"b"}"#, "txet"),
        ("\u{feff}{}", "line 1"),
        (&deep, "text"),
    ];
    for (body, named) in bodies {
        let request = Request::post(house.url(&messages))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(body.to_owned())
            .unwrap();
        let answer = house.send(request).await;
        assert_eq!(answer.problem(), (400, "malformed".to_owned()));
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(named), "{detail} names {named}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_is_415() {
    let house = House::open().await;
    let request = Request::post(house.url("/v1/login")).body("login=ana".to_owned()).unwrap();
    assert_eq!(house.send(request).await.problem(), (415, "wrong-type".to_owned()));
}

#[tokio::test]
async fn browsers_are_told_to_be_strict() {
    let house = House::open().await;
    for path in ["/", "/console/js/main.js", "/v1/me", "/nothing"] {
        let answer = house.get(path, "").await;
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self'; connect-src 'self' ws: wss:"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["referrer-policy"], "no-referrer");
        let cached =
            if path.starts_with("/v1") || path == "/nothing" { "no-store" } else { "no-cache" };
        assert_eq!(answer.headers["cache-control"], cached, "{path}");
    }
}

#[tokio::test]
async fn the_conversation_is_shown_as_agreed() {
    let house = House::open().await;
    house.show(begun(conversation(1), ANA)).await;
    let token = house.token(ANA).await;
    let id = conversation(1).to_string();
    let shown = house.get(&format!("/v1/conversations/{id}"), &token).await.json();
    let want = json!({
        "id": id,
        "protocol": model::id::ProtocolNumber::new((2027, 1, 15), conversation(1)),
        "channel": 1,
        "channel_name": "line 1",
        "address": "5511900000001",
        "name": "Customer 1",
        "state": "assigned",
        "group": 1,
        "agent": 1,
        "opened_at_ms": 1_800_000_000_000_i64,
        "warned_until_ms": null,
        "moved": null,
        "messages": [{
            "seq": 1,
            "direction": "in",
            "author": { "kind": "contact", "user": null },
            "text": "hello",
            "unsupported": null,
            "at_ms": 1_800_000_000_000_i64,
            "status": null,
        }],
    });
    assert_eq!(shown, want);
    let assigned = house.get("/v1/conversations?state=assigned", &token).await.json();
    assert_eq!(assigned, json!({ "items": [want] }));
    let pending = house.get("/v1/conversations?state=pending", &token).await.json();
    assert_eq!(pending, json!({ "items": [] }));
    assert_eq!(house.get("/v1/conversations?state=x", &token).await.status, 400);
}
