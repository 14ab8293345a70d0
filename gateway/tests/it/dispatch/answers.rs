//! What dispatch does with each answer of a provider.

use std::sync::Arc;

use model::desk::SendResult;
use model::service::Content;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{Provider, Said, Stage, accept, refuse};

/// A provider that says `first` to a message's first try and accepts the others.
fn at_first(first: impl Fn() -> Said + Send + Sync + 'static) -> Provider {
    let first = Arc::new(first);
    Provider::start(move |asked| {
        let said = if asked.before == 0 { first() } else { accept(&asked) };
        async move { said }
    })
}

fn failed(result: &SendResult) -> i64 {
    match result {
        SendResult::Failed { code, .. } => *code,
        SendResult::Accepted { .. } => panic!("{result:?}"),
    }
}

#[test]
fn an_accepted_text_is_recorded_with_the_providers_id() {
    let provider = Provider::start(|asked| async move { accept(&asked) });
    let mut stage = Stage::new(&provider.url);
    stage.open(2, 1);
    let message = stage.say(2, 1);
    stage.start();
    let outcome = stage.outcome();
    assert_eq!((outcome.message, outcome.tries), (message, 1));
    assert_eq!(outcome.result, Stage::accepted(message));
    let asked = provider.asked().remove(0);
    assert_eq!(
        (asked.path.as_str(), asked.token.as_str()),
        ("/v23.0/111/messages", "Bearer token 1")
    );
    assert_eq!((asked.to.as_str(), asked.text.as_str()), ("552", "2/1"));
    assert_eq!(asked.id, message.to_string());
}

#[test]
fn passing_trouble_is_tried_again_until_it_passes() {
    let troubles: [fn() -> Said; 7] = [
        || refuse(429, 0),
        || refuse(503, 0),
        || refuse(500, 131_000),
        || refuse(400, 130_429),
        || refuse(404, 0),
        || refuse(302, 0),
        || None,
    ];
    for trouble in troubles {
        let provider = at_first(trouble);
        let mut stage = Stage::new(&provider.url);
        stage.open(1, 1);
        let message = stage.say(1, 1);
        stage.start();
        let outcome = stage.outcome();
        assert_eq!((&outcome.result, outcome.tries), (&Stage::accepted(message), 2));
    }
}

#[test]
fn what_the_provider_refuses_for_good_is_not_tried_again() {
    for (status, code, want) in [(400, 131_047, 131_047), (404, 100, 100)] {
        let provider = at_first(move || refuse(status, code));
        let mut stage = Stage::new(&provider.url);
        stage.open(1, 1);
        stage.say(1, 1);
        stage.start();
        let outcome = stage.outcome();
        assert_eq!((failed(&outcome.result), outcome.tries), (want, 1));
        stage.stop();
        assert_eq!(provider.asked().len(), 1);
    }
}

#[test]
fn a_refused_token_stops_the_channel_and_loses_nothing() {
    let refusals = Mutex::new(24_u32);
    let provider = Provider::start(move |asked| {
        let mut left = refusals.lock();
        let said = if *left > 0 { refuse(401, 190) } else { accept(&asked) };
        *left = left.saturating_sub(1);
        async move { said }
    });
    let mut stage = Stage::new(&provider.url);
    stage.open(1, 1);
    let message = stage.say(1, 1);
    stage.start();
    let outcome = stage.outcome();
    assert_eq!((&outcome.result, outcome.tries), (&Stage::accepted(message), 1));
}

#[test]
fn a_provider_that_takes_too_long_is_asked_again() {
    let never = Arc::new(Notify::new());
    let provider = Provider::start(move |asked| {
        let never = Arc::clone(&never);
        async move {
            if asked.before == 0 {
                never.notified().await;
            }
            accept(&asked)
        }
    });
    let mut stage = Stage::new(&provider.url);
    stage.open(1, 1);
    let message = stage.say(1, 1);
    let quickly = model::unit::Period(std::time::Duration::from_millis(50));
    stage.start_with(|config| config.answer_wait = quickly);
    let outcome = stage.outcome();
    assert_eq!(outcome.result, Stage::accepted(message));
    assert!(outcome.tries >= 2);
}

#[test]
fn what_cannot_be_sent_fails_without_asking() {
    let provider = Provider::start(|asked| async move { accept(&asked) });
    let mut stage = Stage::new(&provider.url);
    stage.open(1, 1);
    let raw = bytes::Bytes::from_static(b"{}");
    stage.say_content(1, 1, Content::Unsupported { kind: "image".to_owned(), raw });
    // Conversation 9 never began.
    stage.say(9, 1);
    stage.start();
    let mut codes: Vec<i64> = stage.outcomes(2).iter().map(|o| failed(&o.result)).collect();
    codes.sort_unstable();
    assert_eq!(codes, [-3, -2]);
    assert!(provider.asked().is_empty());
}
