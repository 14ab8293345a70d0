//! Bad requests, each with its answer, and none with an effect.

use storage::port::Topic;

use super::caller::signature;
use super::{Listener, body_of, post, signed, text};
use crate::installation::{APP_SECRET, OTHER_SECRET, PREVIOUS_SECRET, bodies};

fn nothing_was_logged(listener: &Listener) {
    for topic in Topic::ALL {
        assert_eq!(bodies(&listener.ports, topic).len(), 0, "{}", topic.name());
    }
}

fn hello() -> Vec<u8> {
    body_of(&[text("111", "5511", "wamid.1", "hello")])
}

#[test]
fn f27_every_unlawful_signature_gets_the_same_401() {
    let listener = Listener::start();
    let body = hello();
    let right = signature(APP_SECRET, &body);
    let hex = right.strip_prefix("sha256=").unwrap();
    let line = |value: &str| format!("X-Hub-Signature-256: {value}");
    let wrong: Vec<Vec<String>> = vec![
        vec![],
        vec![line("")],
        vec![line(&signature("another", &body))],
        vec![line(&signature(APP_SECRET, b"another body"))],
        vec![line(&right[..right.len() - 2])],
        vec![line(&format!("sha256={}", hex.to_uppercase()))],
        vec![line(&right), line(&right)],
        vec![line(&format!("{right},{right}"))],
        vec![format!("X-Hub-Signature: sha1={}", &hex[..40])],
        vec![line(&format!("sha1={hex}"))],
        vec!["X-Hub-Signature-256: \u{ff}".to_owned()],
    ];
    let mut answers = std::collections::BTreeSet::new();
    for headers in &wrong {
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let reply = listener.call(&post("starter", &headers, &body));
        assert_eq!((reply.status, reply.body.as_str()), (401, ""), "{headers:?}");
        answers.insert(reply.head.lines().filter(|l| !l.starts_with("date")).collect::<String>());
    }
    assert_eq!(answers.len(), 1, "all alike: {answers:?}");
    nothing_was_logged(&listener);
}

#[test]
fn f27_the_previous_secret_still_opens() {
    let listener = Listener::start();
    assert_eq!(listener.call(&signed("starter", PREVIOUS_SECRET, &hello())).status, 200);
}

#[test]
fn f28_another_apps_signature_and_account_have_no_effect() {
    let listener = Listener::start();
    // Rightly signed by the app of `other`, but sent to `starter`.
    assert_eq!(listener.call(&signed("starter", OTHER_SECRET, &hello())).status, 401);
    nothing_was_logged(&listener);
    // Rightly signed for `other`, but speaking of an account behind `starter`.
    assert_eq!(listener.call(&signed("other", OTHER_SECRET, &hello())).status, 200);
    assert_eq!(bodies(&listener.ports, Topic::Inbound).len(), 0);
    assert_eq!(bodies(&listener.ports, Topic::Dead).len(), 1);
}

#[test]
fn unknown_paths_and_methods_are_refused() {
    let listener = Listener::start();
    let body = hello();
    for path in ["nobody", "starter/", "Starter", "", "starter%2f", "..", "starter/x"] {
        assert_eq!(listener.call(&signed(path, APP_SECRET, &body)).status, 404, "{path}");
    }
    for (method, want) in [("PUT", 405), ("DELETE", 405), ("HEAD", 405), ("OPTIONS", 405)] {
        let request =
            format!("{method} /webhooks/starter HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
        let reply = listener.call(request.as_bytes());
        assert_eq!(reply.status, want, "{method}");
        assert!(reply.head.contains("allow: get, post"), "{}", reply.head);
    }
    let root = b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
    assert_eq!(listener.call(root).status, 404);
    nothing_was_logged(&listener);
}

#[test]
fn f35_a_compressed_body_is_refused() {
    let listener = Listener::start();
    let body = hello();
    let header = format!("X-Hub-Signature-256: {}", signature(APP_SECRET, &body));
    for encoding in ["gzip", "br", "deflate", "identity, gzip"] {
        let encoding = format!("Content-Encoding: {encoding}");
        let reply = listener.call(&post("starter", &[&header, &encoding], &body));
        assert_eq!(reply.status, 415, "{encoding}");
    }
    nothing_was_logged(&listener);
    let plain = post("starter", &[&header, "Content-Encoding: identity"], &body);
    assert_eq!(listener.call(&plain).status, 200);
}

#[test]
fn the_handshake_answers_the_challenge_to_who_knows_the_token() {
    let listener = Listener::start();
    let get = |query: &str| {
        let request = format!(
            "GET /webhooks/starter?{query} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
        );
        listener.call(request.as_bytes())
    };
    let reply = get("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=verify+me");
    assert_eq!((reply.status, reply.body.as_str()), (200, "1158201444"));
    assert!(reply.head.contains("content-type: text/plain"), "{}", reply.head);
    let reply = get("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=guess");
    assert_eq!((reply.status, reply.body.as_str()), (403, ""));
    assert_eq!(get("").status, 403);
}
