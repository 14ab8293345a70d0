//! Clients that read or write nothing, or too slowly, and those beyond the bound.

use std::num::NonZeroU32;
use std::time::Duration;

use gateway::api::DeskConfig;
use model::limit;
use model::unit::Period;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Client;
use crate::desk::house::{ANA, House, begun, conversation, received, shard};

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_does_not_keep_up_is_closed_with_1013() {
    let house = House::open().await;
    let id = conversation(1);
    house.show(begun(id, ANA)).await;
    let mut client = Client::connect(&house, ANA).await;
    assert_eq!(client.next().await.unwrap().0, "hello");
    // More than the queue holds and the kernel's buffers of a connection take together.
    let text = "x".repeat(limit::TEXT_BYTES);
    let mut last = 0;
    for seq in 3..3 + 3 * limit::SOCKET_FRAMES as u32 {
        last = house.happen(vec![received(id, seq, &text)]);
    }
    house.view.reached(shard(), last).await;
    let mut seen = 0;
    let code = loop {
        match client.next().await {
            Ok((kind, data)) => {
                assert_eq!(
                    (kind.as_str(), &data["message"]["seq"]),
                    ("message", &(seen + 3).into())
                );
                seen += 1;
            }
            Err(code) => break code,
        }
    };
    assert_eq!(code, 1013);
    assert!(seen < 2 * limit::SOCKET_FRAMES as u64, "{seen} frames were kept for it");
}

const SHORT: Period = Period(Duration::from_millis(50));

/// Writes `bytes` and reads until the desk closes the connection.
async fn exchange(house: &House, bytes: &str) -> String {
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut said = String::new();
    // The read comes back because the desk closed, not because the caller lost patience.
    stream.read_to_string(&mut said).await.unwrap();
    said
}

#[tokio::test]
async fn a_head_that_never_ends_is_given_up() {
    let house = House::with(DeskConfig { head_wait: SHORT, ..DeskConfig::default() }).await;
    let said = exchange(&house, "POST /v1/login HTTP/1.1\r\nhost:").await;
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 408"), "{said}");
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    let house = House::with(DeskConfig { body_wait: SHORT, ..DeskConfig::default() }).await;
    let head = "POST /v1/login HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n\
                content-length: 10\r\n\r\n{";
    let said = exchange(&house, head).await;
    assert!(said.starts_with("HTTP/1.1 408") && said.contains("too-slow"), "{said}");
}

#[tokio::test]
async fn a_connection_above_the_bound_is_told_to_come_back() {
    let config = DeskConfig { connections: NonZeroU32::MIN, ..DeskConfig::default() };
    let house = House::with(config).await;
    let mut first = TcpStream::connect(house.address).await.unwrap();
    // Until the first was accepted the second would only wait in the backlog.
    first.write_all(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
    first.read_u8().await.unwrap();
    let said = exchange(&house, "").await;
    assert!(said.starts_with("HTTP/1.1 503") && said.contains("retry-after: 1"), "{said}");
}

#[tokio::test]
async fn a_body_that_drips_does_not_hold_up_the_end() {
    let mut house = House::open().await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let head = "POST /v1/login HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n\
                expect: 100-continue\r\ncontent-length: 10\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut said = [0; 12];
    stream.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"HTTP/1.1 100", "the desk has begun to read the body");
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    house.stop.send_replace(true);
    (&mut house.serving).await.unwrap();
    let most = limit::DRAIN_LISTENER + Duration::from_secs(1);
    assert!(begun.elapsed() < most, "{:?}", begun.elapsed());
    drop(stream);
}
