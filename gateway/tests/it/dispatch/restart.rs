//! After a restart: what was answered is never sent again, the rest is, under the same own id.

use std::sync::Arc;

use model::desk::{Event, Resume};
use tokio::sync::Semaphore;

use super::{Provider, Stage, accept};

#[test]
fn c11_only_what_was_never_answered_is_sent_again() {
    let provider = Provider::start(|asked| async move { accept(&asked) });
    let mut stage = Stage::new(&provider.url);
    stage.open(2, 1);
    let [folded, on_the_way, unanswered] = [1, 2, 3].map(|seq| stage.say(2, seq));
    // The first answer went the whole way; the second is durable, but its lane did not come to it.
    let offset = stage.answer(folded);
    let result = Stage::accepted(folded);
    let answered = Event::SendAnswered { message: folded, result, tries: 1 };
    stage.record(vec![answered], vec![Resume::Command(offset + 1)]);
    stage.answer(on_the_way);
    stage.start();
    let outcomes = stage.outcomes(3);
    assert_eq!(outcomes[2].message, unanswered);
    stage.stop();
    let asked: Vec<String> = provider.asked().into_iter().map(|asked| asked.id).collect();
    assert_eq!(asked, [unanswered.to_string()]);
}

#[test]
fn nothing_is_sent_twice_by_a_dispatcher_that_starts_again() {
    let provider = Provider::start(|asked| async move { accept(&asked) });
    let mut stage = Stage::new(&provider.url);
    stage.open(1, 1);
    for seq in 1..=10 {
        stage.say(1, seq);
    }
    stage.start();
    stage.outcomes(10);
    stage.stop();
    // No lane has folded the answers into `events`.
    stage.start();
    stage.say(1, 11);
    stage.outcomes(11);
    stage.stop();
    assert_eq!(provider.asked().len(), 11);
}

#[test]
fn a_stop_waits_for_what_is_in_flight_and_begins_nothing_new() {
    let gate = Arc::new(Semaphore::new(0));
    let closed = Arc::clone(&gate);
    let provider = Provider::start(move |asked| {
        let gate = Arc::clone(&closed);
        async move {
            drop(gate.acquire().await);
            accept(&asked)
        }
    });
    let mut stage = Stage::new(&provider.url);
    stage.open(1, 1);
    let [first, second] = [stage.say(1, 1), stage.say(1, 2)];
    stage.start();
    provider.wait_asked(1);
    stage.say_stop();
    gate.add_permits(100);
    stage.stop();
    assert_eq!(stage.outcome().message, first);
    assert_eq!(provider.asked().len(), 1);
    stage.start();
    assert_eq!(stage.outcomes(2)[1].message, second);
}
