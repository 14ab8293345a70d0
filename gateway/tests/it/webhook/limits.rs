//! What is bounded: heads, bodies, time, connections, requests in work.

use std::io::Write;
use std::num::NonZeroU32;
use std::time::Duration;

use model::limit;
use model::unit::Period;

use super::caller::{read_to_close, signature};
use super::{Listener, body_of, post, text};
use crate::installation::{APP_SECRET, bodies};

const SHORT: Period = Period(Duration::from_millis(50));

#[test]
fn f31_a_body_over_the_limit_is_refused_by_its_length_alone() {
    let listener = Listener::start();
    let length = limit::WEBHOOK_BODY_BYTES + 1;
    let head =
        format!("POST /webhooks/starter HTTP/1.1\r\nhost: h\r\ncontent-length: {length}\r\n\r\n");
    // Nothing of the body is ever sent: the answer comes all the same, and the end after it.
    let reply = listener.call(head.as_bytes());
    assert_eq!(reply.status, 413);
    assert!(reply.head.contains("connection: close"));
    let huge = "POST /webhooks/starter HTTP/1.1\r\nhost: h\r\ncontent-length: 4294967296\r\n\r\n";
    assert_eq!(listener.call(huge.as_bytes()).status, 413);
}

#[test]
fn f31_a_chunked_body_is_cut_off_while_it_streams() {
    let listener = Listener::start();
    let mut stream = listener.connect();
    let head = "POST /webhooks/starter HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
    // It never ends by itself; 64 chunks are 4 MiB.
    for _ in 0..64 {
        if stream.write_all(&chunk).is_err() {
            break;
        }
    }
    assert_eq!(read_to_close(&mut stream).status, 413);
}

#[test]
fn the_largest_lawful_body_is_taken() {
    let listener = Listener::start();
    let mut body = body_of(&[text("111", "5511", "wamid.1", "hello")]);
    body.resize(limit::WEBHOOK_BODY_BYTES, b' ');
    assert_eq!(listener.deliver(&body).status, 200);
}

#[test]
fn f31_a_truncated_body_has_no_effect() {
    let listener = Listener::start();
    let body = body_of(&[text("111", "5511", "wamid.1", "hello")]);
    let header = format!("X-Hub-Signature-256: {}", signature(APP_SECRET, &body));
    let request = post("starter", &[&header], &body);
    let mut stream = listener.connect();
    stream.write_all(&request[..request.len() - 1]).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let reply = read_to_close(&mut stream);
    assert!(matches!(reply.status, 0 | 400), "{reply:?}");
    for topic in storage::port::Topic::ALL {
        assert_eq!(bodies(&listener.ports, topic).len(), 0);
    }
}

#[test]
fn f31_two_lengths_are_one_too_many() {
    let listener = Listener::start();
    for lines in [
        "content-length: 2\r\ncontent-length: 3\r\n",
        "content-length: 1x\r\n",
        "content-length: -1\r\n",
    ] {
        let request = format!("POST /webhooks/starter HTTP/1.1\r\nhost: h\r\n{lines}\r\n{{}}");
        assert_eq!(listener.call(request.as_bytes()).status, 400, "{lines}");
    }
}

#[test]
fn f32_a_head_that_never_ends_is_given_up() {
    let listener = Listener::with(|config| config.head_wait = SHORT);
    let mut stream = listener.connect();
    stream.write_all(b"POST /webhooks/starter HTTP/1.1\r\nhost:").unwrap();
    // The read comes back because the listener closed, not because the caller lost patience.
    let reply = read_to_close(&mut stream);
    assert!(matches!(reply.status, 0 | 408), "{reply:?}");
}

#[test]
fn f32_a_body_that_pauses_is_given_up() {
    let listener = Listener::with(|config| config.body_idle = SHORT);
    let mut stream = listener.connect();
    let head = "POST /webhooks/starter HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\n12";
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(read_to_close(&mut stream).status, 408);
}

#[test]
fn f33_a_flood_of_headers_is_refused() {
    let listener = Listener::start();
    let many: String = (0..101).map(|n| format!("x-{n}: 1\r\n")).collect();
    let request = format!("GET /webhooks/starter HTTP/1.1\r\n{many}\r\n");
    assert_eq!(listener.call(request.as_bytes()).status, 431);
    let long = format!(
        "GET /webhooks/starter HTTP/1.1\r\nx: {}\r\n\r\n",
        "y".repeat(limit::INGEST_HEAD_BYTES)
    );
    assert_eq!(listener.call(long.as_bytes()).status, 431);
}

#[test]
fn a_connection_above_the_bound_is_told_to_come_back() {
    let listener = Listener::with(|config| config.connections = NonZeroU32::MIN);
    let mut first = listener.connect();
    // Until the first was accepted the second would only wait in the backlog; its answer proves it.
    first.write_all(b"GET /webhooks/starter HTTP/1.1\r\nhost: h\r\n\r\n").unwrap();
    let mut byte = [0];
    std::io::Read::read_exact(&mut first, &mut byte).unwrap();
    let reply = read_to_close(&mut listener.connect());
    assert_eq!(reply.status, 503);
    assert!(reply.head.contains("retry-after: 1"), "{}", reply.head);
}

#[test]
fn a_request_above_the_bound_is_told_to_come_back() {
    let listener = Listener::with(|config| config.in_flight = NonZeroU32::MIN);
    let mut first = listener.connect();
    // `Expect` makes the listener say when it has begun to read the first body.
    let head = "POST /webhooks/starter HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\
                expect: 100-continue\r\n\r\n";
    first.write_all(head.as_bytes()).unwrap();
    let mut said = [0; 12];
    std::io::Read::read_exact(&mut first, &mut said).unwrap();
    assert_eq!(&said, b"HTTP/1.1 100");
    let reply = listener.deliver(b"{}");
    assert_eq!(reply.status, 503);
    assert!(reply.head.contains("retry-after: 1"), "{}", reply.head);
}
