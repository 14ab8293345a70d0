//! Coming in: passwords, links, sessions and their end.

use std::time::Duration;

use gateway::auth::{create_login_link, set_password};
use hyper::{Method, Request};
use model::limit;
use serde_json::{Value, json};
use storage::port::RowKey;

use super::house::{ANA, Answer, House};

const RIGHT: &str = "correct horse";

async fn log_in(house: &House, body: Value) -> Answer {
    house.ask(Method::POST, "/v1/login", "", Some(body)).await
}

async fn by_password(house: &House, login: &str, password: &str) -> Answer {
    log_in(house, json!({ "login": login, "password": password })).await
}

async fn with_password() -> House {
    let house = House::open().await;
    set_password(&*house.ports.directory, "ana", ANA, RIGHT).await.unwrap();
    house
}

#[tokio::test]
async fn the_right_password_opens_a_session() {
    let house = with_password().await;
    let answer = by_password(&house, "ana", RIGHT).await;
    assert_eq!(answer.status, 200);
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    let want = format!("chasqui_session={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200");
    assert_eq!(cookie, want);
    let user = json!({
        "id": 1, "login": "ana", "name": "ANA", "kind": "agent", "active": true, "cap": 5, "groups": [1],
    });
    assert_eq!(answer.json()["user"], user);
    let me = house.get("/v1/me", &token).await;
    assert_eq!(me.json(), json!({ "user": user, "presence": "offline" }));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_login_are_told_alike() {
    let house = with_password().await;
    let wrong = by_password(&house, "ana", "correct horsf").await;
    let unknown = by_password(&house, "nobody", RIGHT).await;
    assert_eq!(wrong.problem(), (401, "wrong-login".to_owned()));
    assert_eq!(wrong.body, unknown.body);
    assert_eq!(wrong.status, unknown.status);
    assert!(!wrong.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn many_failures_close_the_window_to_the_right_password_too() {
    let house = with_password().await;
    for _ in 0..limit::LOGIN_FAILURES {
        assert_eq!(by_password(&house, "ana", "wrong").await.status, 401);
    }
    let refused = by_password(&house, "ana", RIGHT).await;
    assert_eq!(refused.problem(), (429, "too-many-requests".to_owned()));
    assert_eq!(refused.headers["retry-after"], "60");
    house.clock.advance(limit::LOGIN_WINDOW);
    assert_eq!(by_password(&house, "ana", RIGHT).await.status, 200);
}

#[tokio::test]
async fn what_could_not_be_found_out_is_no_failure_of_the_login() {
    let house = House::open().await;
    let key = RowKey { table: "credential", key: "ana".to_owned() };
    let damaged = Some("{".into());
    house.ports.directory.put(&key, 0, damaged).await.unwrap().unwrap();
    for _ in 0..2 * limit::LOGIN_FAILURES {
        assert_eq!(by_password(&house, "ana", RIGHT).await.status, 500);
    }
}

#[tokio::test]
async fn a_link_lets_in_once() {
    let house = House::open().await;
    let (directory, clock) = (&*house.ports.directory, &*house.clock);
    let hour = Duration::from_secs(3_600);
    let link = create_login_link(directory, ANA, clock, hour).await.unwrap();
    let body = json!({ "link": link.expose() });
    let (a, b) = tokio::join!(log_in(&house, body.clone()), log_in(&house, body.clone()));
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401], "of two at once one is in");
    assert_eq!(log_in(&house, body).await.problem(), (401, "wrong-login".to_owned()));
    let late = create_login_link(directory, ANA, clock, hour).await.unwrap();
    house.clock.advance(hour);
    assert_eq!(log_in(&house, json!({ "link": late.expose() })).await.status, 401);
}

#[tokio::test]
async fn a_session_ends_after_twelve_hours() {
    let house = House::open().await;
    let token = house.token(ANA).await;
    house.clock.advance(limit::SESSION - Duration::from_secs(1));
    assert_eq!(house.get("/v1/me", &token).await.status, 200);
    house.clock.advance(Duration::from_secs(1));
    assert_eq!(house.get("/v1/me", &token).await.problem().0, 401);
}

#[tokio::test]
async fn a_session_ended_elsewhere_is_over_within_the_trust() {
    let house = House::open().await;
    let token = house.token(ANA).await;
    assert_eq!(house.get("/v1/me", &token).await.status, 200);
    let rows = house.ports.directory.scan("session", "", 10).await.unwrap();
    let [(key, row)] = rows.as_slice() else { panic!("one session: {rows:?}") };
    let row_key = RowKey { table: "session", key: key.clone() };
    house.ports.directory.put(&row_key, row.version, None).await.unwrap();
    house.clock.advance(limit::SESSION_TRUST);
    assert_eq!(house.get("/v1/me", &token).await.status, 401);
}

#[tokio::test]
async fn a_logout_ends_the_session_at_once() {
    let house = House::open().await;
    let (token, other) = (house.token(ANA).await, house.token(ANA).await);
    assert_eq!(house.get("/v1/me", &token).await.status, 200);
    let answer = house.ask(Method::POST, "/v1/logout", &token, None).await;
    assert_eq!(answer.status, 200);
    assert!(answer.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(house.get("/v1/me", &token).await.status, 401);
    assert_eq!(house.get("/v1/me", &other).await.status, 200, "another session goes on");
}

#[tokio::test]
async fn no_token_is_stored_in_the_clear() {
    let house = House::open().await;
    let token = house.token(ANA).await;
    let rows = house.ports.directory.scan("session", "", 10).await.unwrap();
    assert!(rows.iter().all(|(key, row)| {
        !key.contains(&token) && !String::from_utf8_lossy(&row.bytes).contains(&token)
    }));
}

#[tokio::test]
async fn expired_sessions_do_not_pile_up() {
    let house = House::open().await;
    for _ in 0..20 {
        house.token(ANA).await;
    }
    house.clock.advance(limit::SESSION);
    for _ in 0..100 {
        house.token(ANA).await;
    }
    let rows = house.ports.directory.scan("session", "", 1_000).await.unwrap();
    assert!(rows.len() < 110, "{} rows", rows.len());
}

#[tokio::test]
async fn another_sites_form_cannot_use_the_cookie() {
    let house = House::open().await;
    let token = house.token(ANA).await;
    let logout = |headers: &[(&str, &str)]| {
        let mut request = Request::post(house.url("/v1/logout"))
            .header("cookie", format!("chasqui_session={token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        house.send(request.body("{}".to_owned()).unwrap())
    };
    let json = ("content-type", "application/json");
    let form = logout(&[("content-type", "text/plain")]).await;
    assert_eq!(form.problem(), (415, "wrong-type".to_owned()));
    assert_eq!(logout(&[]).await.status, 415);
    let foreign = logout(&[json, ("origin", "https://evil.example")]).await;
    assert_eq!(foreign.problem(), (403, "forbidden".to_owned()));
    let own = format!("http://{}", house.address);
    assert_eq!(logout(&[json, ("origin", &own)]).await.status, 200);
}

#[tokio::test]
async fn a_login_names_what_is_missing() {
    let house = House::open().await;
    for body in [json!({}), json!({ "login": "ana" }), json!({ "link": "a", "login": "b" })] {
        assert_eq!(log_in(&house, body).await.problem(), (400, "malformed".to_owned()));
    }
    let answer = log_in(&house, json!({ "login": 3 })).await;
    assert_eq!(answer.status, 400);
    assert!(answer.json()["detail"].as_str().unwrap().contains("login"), "{:?}", answer.body);
}
