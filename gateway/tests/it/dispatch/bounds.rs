//! How often, how long and how many: what bounds the tries of a message, and what does not.

use std::sync::Arc;

use model::desk::{Outcome, SendResult};
use model::limit;
use tokio::sync::Semaphore;

use super::{Provider, Stage, accept, refuse};

const EXPIRED: i64 = -4;
const UNKNOWN: i64 = -5;

/// The code of each failure, in the order of the messages.
fn codes(mut outcomes: Vec<Outcome>) -> Vec<i64> {
    outcomes.sort_by_key(|outcome| outcome.message);
    let code = |outcome: Outcome| match outcome.result {
        SendResult::Failed { code, .. } => code,
        SendResult::Accepted { .. } => 0,
    };
    outcomes.into_iter().map(code).collect()
}

#[test]
fn c11_trouble_that_sent_nothing_is_outlasted() {
    for (status, code) in [(429, 0), (503, 131_016), (500, 131_000), (404, 0)] {
        let provider = Provider::start(move |asked| async move {
            if asked.before < 200 { refuse(status, code) } else { accept(&asked) }
        });
        let mut stage = Stage::new(&provider.url);
        stage.open(1, 1);
        let message = stage.say(1, 1);
        stage.start();
        let outcome = stage.outcome();
        assert_eq!((&outcome.result, outcome.tries), (&Stage::accepted(message), 201));
    }
}

#[test]
fn a_message_past_its_lifetime_fails_and_its_channel_goes_on_resting() {
    let provider = Provider::start(|_| async { refuse(500, 131_000) });
    let mut stage = Stage::new(&provider.url);
    // Enough contacts to brake the channel; then contacts come who are not tried at all.
    for n in 1..=100 {
        stage.open(n, 1);
        stage.say_long_ago(n, 1, limit::DISPATCH_LIFETIME);
    }
    stage.start();
    assert_eq!(codes(stage.outcomes(100)), [EXPIRED; 100]);
    stage.stop();
    let asked = provider.asked().len();
    // The brake holds at the eighth refusal; until then each refusal makes room for another try.
    assert!(asked <= limit::DISPATCH_IN_FLIGHT + 7, "{asked} were tried on a channel that is down");
}

#[test]
fn a_message_younger_than_its_lifetime_is_tried_on() {
    let provider = Provider::start(|asked| async move {
        if asked.before < 20 { refuse(500, 131_000) } else { accept(&asked) }
    });
    let mut stage = Stage::new(&provider.url);
    stage.open(1, 1);
    stage.say_long_ago(1, 1, limit::DISPATCH_LIFETIME / 2);
    stage.start();
    assert_eq!(codes(stage.outcomes(1)), [0]);
}

#[test]
fn c11_a_message_whose_answers_are_lost_is_repeated_twice_and_its_end_is_unknown() {
    let troubles: [fn() -> super::Said; 3] = [|| refuse(502, 0), || refuse(200, 0), || None];
    for trouble in troubles {
        let provider = Provider::start(move |_| async move { trouble() });
        let mut stage = Stage::new(&provider.url);
        stage.open(1, 1);
        stage.say(1, 1);
        stage.start();
        let outcome = stage.outcome();
        assert_eq!(outcome.tries, 1 + limit::DISPATCH_REPEATS);
        let SendResult::Failed { code, detail } = outcome.result else { panic!("accepted") };
        assert!(code == UNKNOWN && detail.contains("unknown"), "{code} {detail}");
        stage.stop();
        let ids: Vec<String> = provider.asked().into_iter().map(|asked| asked.id).collect();
        assert_eq!(ids, [(); 3].map(|()| outcome.message.to_string()), "under the same own id");
    }
}

#[test]
fn c11_more_than_may_wait_at_a_channel_is_neither_failed_nor_in_the_way() {
    let gate = Arc::new(Semaphore::new(0));
    let closed = Arc::clone(&gate);
    let provider = Provider::start(move |asked| {
        let gate = Arc::clone(&closed);
        async move {
            if asked.path.contains("/111/") {
                drop(gate.acquire().await);
            }
            accept(&asked)
        }
    });
    let mut stage = Stage::new(&provider.url);
    stage.open(1, 1);
    stage.open(2, 2);
    // More than the channel, its inbox and what is in flight hold together.
    stage.say_many(1, limit::DISPATCH_PENDING as u32 + 5_000);
    stage.start();
    provider.wait_asked(1);
    let other = stage.say(2, 1);
    let outcome = stage.outcome();
    assert_eq!((outcome.message, outcome.result), (other, Stage::accepted(other)));
    stage.say_stop();
    gate.add_permits(1_000);
    stage.stop();
    assert_eq!(codes(stage.outcomes(2)), [0, 0], "nothing failed");
}
