//! A fresh starter, as a newcomer meets it: log in by the link, write as a customer, answer as the
//! agent, see the answer at the provider.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use hyper::{Method, StatusCode};
use loadtest::http::{Call, HttpClient};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::process::Home;

const WEBHOOK: &str = r#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[
 {"field":"messages","value":{"messaging_product":"whatsapp",
  "metadata":{"display_phone_number":"15550000001","phone_number_id":"100000000000001"},
  "contacts":[{"profile":{"name":"Maria"},"wa_id":"5511987654321"}],
  "messages":[{"from":"5511987654321","id":"wamid.TEST1","timestamp":"1760000000",
               "type":"text","text":{"body":"Is anybody there?"}}]}}]}]}"#;

/// A word after a label in what the server said.
fn told(said: &str, label: &str) -> String {
    let line = said.lines().find(|line| line.trim_start().starts_with(label));
    let word =
        line.and_then(|line| line.trim_start().strip_prefix(label)?.split_whitespace().next());
    word.unwrap_or_else(|| panic!("`{label}` was not said in:\n{said}")).to_owned()
}

struct Desk {
    client: HttpClient,
    bearer: String,
}

impl Desk {
    async fn log_in(desk: SocketAddr, body: Value) -> (StatusCode, Self) {
        let client = HttpClient::new(desk);
        let call = call(Method::POST, "/v1/login", &[], &body);
        let answer = client.call(call).await.unwrap();
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let bearer = format!("Bearer {}", body["token"].as_str().unwrap_or_default());
        (answer.status, Self { client, bearer })
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let headers = [("authorization", self.bearer.as_str())];
        let answer = self.client.call(call(method, path, &headers, body)).await.unwrap();
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }
}

fn call<'a>(
    method: Method,
    path: &'a str,
    headers: &'a [(&'static str, &'a str)],
    body: &Value,
) -> Call<'a> {
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    Call { method, path, headers, body }
}

/// Asks again until the answer is there; the test's own time limit ends it.
async fn until<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let patience = Duration::from_secs(20);
    let found = tokio::time::timeout(patience, async {
        loop {
            ticks.tick().await;
            if let Some(found) = ask().await {
                return found;
            }
        }
    });
    found.await.expect("it did not come")
}

fn signature(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    format!("sha256={hex}")
}

async fn write_as_customer(ingest: SocketAddr, secret: &str) -> StatusCode {
    deliver(ingest, secret, WEBHOOK.to_owned()).await
}

async fn deliver(ingest: SocketAddr, secret: &str, webhook: String) -> StatusCode {
    let signature = signature(secret, &webhook);
    let headers = [("x-hub-signature-256", signature.as_str())];
    let body = Bytes::from(webhook);
    let call = Call { method: Method::POST, path: "/webhooks/starter", headers: &headers, body };
    HttpClient::new(ingest).call(call).await.unwrap().status
}

#[tokio::test]
async fn a_message_reaches_the_agent_and_the_reply_the_provider() {
    let home = Home::new("");
    let mut server = home.start();
    let link = server.link();
    let secret = told(&server.said, "app secret");
    let (status, desk) = Desk::log_in(home.desk, json!({ "link": link })).await;
    assert_eq!(status, StatusCode::OK);
    let presence = json!({"presence": "available"});
    let (status, _) = desk.ask(Method::PUT, "/v1/me/presence", &presence).await;
    assert!(status.is_success(), "{status}");

    assert_eq!(write_as_customer(home.ingest, &secret).await, StatusCode::OK);
    let conversation = until(async || {
        let (_, mine) = desk.ask(Method::GET, "/v1/conversations", &Value::Null).await;
        let first = mine.get("items").or(Some(&mine))?.get(0)?.clone();
        Some(first["id"].as_str()?.to_owned())
    })
    .await;
    let path = format!("/v1/conversations/{conversation}/messages");
    let (status, _) = desk.ask(Method::POST, &path, &json!({"text": "Yes, I am."})).await;
    assert!(status.is_success(), "{status}");
    let provider = HttpClient::new(home.simulator);
    until(async || {
        let call = call(Method::GET, "/sent", &[], &Value::Null);
        let sent = provider.call(call).await.ok()?.body;
        String::from_utf8_lossy(&sent).contains("Yes, I am.").then_some(())
    })
    .await;
    server.terminate();
    assert!(server.wait().success());
}

#[tokio::test]
async fn secrets_are_shown_once_and_a_link_at_every_start() {
    let home = Home::new("");
    let mut first = home.start();
    let link = first.link();
    let password = told(&first.said, "password");
    let login = told(&first.said, "login");
    let body = json!({ "link": link });
    assert_eq!(Desk::log_in(home.desk, body.clone()).await.0, StatusCode::OK);
    assert_eq!(Desk::log_in(home.desk, body).await.0, StatusCode::UNAUTHORIZED);
    let body = json!({"login": login, "password": password});
    assert_eq!(Desk::log_in(home.desk, body).await.0, StatusCode::OK);
    first.terminate();
    assert!(first.wait().success());

    let mut second = home.start();
    let link = second.link();
    assert!(!second.said.contains("app secret"), "{}", second.said);
    assert_eq!(Desk::log_in(home.desk, json!({ "link": link })).await.0, StatusCode::OK);
}

#[test]
fn a_first_start_that_failed_takes_no_secrets_with_it() {
    let home = Home::new("");
    let taken = std::net::TcpListener::bind(home.simulator).unwrap();
    let args = ["--config", "chasqui.toml", "--data", "data"];
    let failed = crate::process::output(home.folder.path(), &args);
    let said = String::from_utf8(failed.stderr).unwrap();
    let want = format!("cannot listen on {}: Address already in use", home.simulator);
    assert!(said.starts_with("chasqui: chasqui.toml:") && said.contains(&want), "{said}");
    assert!(said.contains("simulator = "), "{said}");
    assert_eq!(failed.status.code(), Some(78));
    drop(taken);
    let mut server = home.start();
    server.link();
    assert_eq!(told(&server.said, "app secret").len(), 32);
    assert!(server.said.contains("/webhooks/starter\n"), "{}", server.said);
    assert!(server.said.contains("(once, within 60 minutes)"), "{}", server.said);
}

#[test]
fn a_starter_says_that_it_keeps_its_simulators_address() {
    let home = Home::new("");
    let mut first = home.start();
    first.link();
    first.terminate();
    assert!(first.wait().success());
    let config = std::fs::read_to_string(home.path("chasqui.toml")).unwrap();
    let (kept, asked) = (home.simulator.to_string(), "127.0.0.1:9");
    std::fs::write(home.path("chasqui.toml"), config.replace(&kept, asked)).unwrap();
    let mut second = home.start();
    second.link();
    let want = format!("simulator = {asked} is not followed: this installation keeps {kept}");
    assert!(second.said.contains(&want), "{}", second.said);
}

#[tokio::test]
async fn health_and_metrics_are_served() {
    let home = Home::new("");
    let _server = home.start();
    let admin = HttpClient::new(home.admin);
    let ask = async |path| admin.call(call(Method::GET, path, &[], &Value::Null)).await.unwrap();
    assert_eq!(ask("/livez").await.status, StatusCode::OK);
    until(async || ask("/readyz").await.status.is_success().then_some(())).await;
    let ready: Value = serde_json::from_slice(&ask("/readyz").await.body).unwrap();
    let checks = ["dispatch", "log", "recorder", "settings", "shards", "view"];
    assert_eq!(
        ready["checks"],
        json!(checks.map(|name| (name, true)).into_iter().collect::<BTreeMap<_, _>>())
    );
    until(async || {
        let metrics = ask("/metrics").await.body;
        String::from_utf8_lossy(&metrics).contains("chasqui_history_lag_records 0").then_some(())
    })
    .await;
    let metrics = String::from_utf8(ask("/metrics").await.body.to_vec()).unwrap();
    assert!(metrics.contains("chasqui_build_info{version=\"0.1.0\"} 1"), "{metrics}");
    let strange = metrics.lines().find(|l| !l.starts_with('#') && !l.starts_with("chasqui_"));
    assert!(strange.is_none_or(str::is_empty), "{strange:?}");
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let home = Home::new("");
    let _first = home.start();
    let other = Home::new("");
    let data = home.path("data");
    let args = ["--config", "chasqui.toml", "--data", data.to_str().unwrap()];
    let second = crate::process::output(other.folder.path(), &args);
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("is in use by another process"), "{said}");
    assert_eq!(second.status.code(), Some(69));
}

#[tokio::test]
async fn a_log_that_failed_for_good_ends_the_process() {
    let home = Home::new("[storage]\nsegment_bytes = \"64KiB\"");
    let mut server = home.start();
    server.link();
    let secret = told(&server.said, "app secret");
    let (log, gone) = (home.path("data/log"), home.path("data/gone"));
    std::fs::rename(&log, &gone).unwrap();
    let long = "x".repeat(4_000);
    let mut number = 0;
    let refused = loop {
        number += 1;
        let webhook = WEBHOOK.replace("TEST1", &number.to_string()).replace("Is anybody", &long);
        match deliver(home.ingest, &secret, webhook).await {
            StatusCode::OK => assert!(number < 100, "a new segment was made where there is none"),
            refused => break refused,
        }
    };
    assert_eq!(refused, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(server.wait().code(), Some(74));
    std::fs::rename(&gone, &log).unwrap();
    let server = home.start();
    server.terminate();
    assert!(server.wait().success(), "what the supervisor starts next goes on");
}
