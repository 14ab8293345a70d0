//! SIGTERM: under load nobody is answered 5xx and nothing is lost; and whoever is connected and
//! does not answer, the exit is clean.

use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use loadtest::http::{Call, HttpClient};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::process::Home;
use crate::under_load::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f06_sigterm_under_load_loses_nothing_and_answers_no_5xx() {
    let mut world = World::new().await;
    let mut running = world.run(150.0, Duration::from_secs(6)).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let server = world.server();
    server.terminate();
    let status = tokio::task::block_in_place(|| server.wait());
    assert!(status.success(), "the drain ended with {status}");
    running.note_drain();
    world.server = Some(tokio::task::block_in_place(|| world.home.start()));
    let observed = running.finish(|_| {}).await;
    let refused: Vec<_> =
        observed.customers.answers.iter().filter(|(status, _)| **status >= 500).collect();
    assert!(refused.is_empty(), "answers of 5xx: {refused:?}");
    let audit = world.audit(&observed).await;
    let findings: Vec<String> = audit.findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_that_never_answer_do_not_defeat_the_drain() {
    let home = Home::new("");
    let mut server = home.start();
    let body = Bytes::from(json!({ "link": server.link() }).to_string());
    let headers = [("content-type", "application/json")];
    let call = Call { method: Method::POST, path: "/v1/login", headers: &headers, body };
    let answer = HttpClient::new(home.desk).call(call).await.unwrap();
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    let token = answer["token"].as_str().unwrap();
    let upgrade = format!(
        "GET /v1/live HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {token}\r\n\
         connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    let mut socket = TcpStream::connect(home.desk).await.unwrap();
    socket.write_all(upgrade.as_bytes()).await.unwrap();
    let mut said = [0; 12];
    socket.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"HTTP/1.1 101");
    let webhook = dripping(home.ingest, "/webhooks/starter").await;
    let login = dripping(home.desk, "/v1/login").await;
    server.terminate();
    let status = tokio::task::block_in_place(|| server.wait());
    assert!(status.success(), "the drain ended with {status}");
    webhook.abort();
    login.abort();
    drop(socket);
}

/// A POST in the middle of its body, which goes on a byte at a time.
async fn dripping(to: std::net::SocketAddr, path: &str) -> tokio::task::JoinHandle<()> {
    let mut stream = TcpStream::connect(to).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n\
         expect: 100-continue\r\ncontent-length: 1000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut said = [0; 12];
    stream.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"HTTP/1.1 100", "the body is being read");
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        while stream.write_all(b" ").await.is_ok() {
            ticks.tick().await;
        }
    })
}
