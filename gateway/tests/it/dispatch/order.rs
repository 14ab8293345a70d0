//! Order per contact, whatever the provider says, and channels that do not hold each other up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::desk::SendResult;
use model::limit;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::{Provider, Stage, accept, refuse};

#[test]
fn c11_order_per_contact_survives_refusals_and_lost_answers() {
    let accepted: Arc<Mutex<Vec<String>>> = Arc::default();
    let taken = Arc::clone(&accepted);
    let provider = Provider::start(move |asked| {
        // Every message meets another mix of trouble; each passes in the end.
        let digits: usize = asked.text.bytes().map(usize::from).sum();
        let said = match (digits + asked.before) % 5 {
            _ if asked.before >= 4 => accept(&asked),
            0 => refuse(429, 0),
            1 => refuse(503, 0),
            2 => None,
            _ => accept(&asked),
        };
        if said.as_ref().is_some_and(|said| said.status() == 200) {
            taken.lock().push(asked.text);
        }
        async move { said }
    });
    let mut stage = Stage::new(&provider.url);
    for n in 1..=5 {
        stage.open(n, 1);
    }
    // Half of it is there before the dispatcher, half comes while it sends.
    for seq in 1..=20 {
        if seq == 11 {
            stage.start();
        }
        for n in 1..=5 {
            stage.say(n, seq);
        }
    }
    let outcomes = stage.outcomes(100);
    let ids: BTreeSet<_> = outcomes.iter().map(|outcome| outcome.message).collect();
    assert_eq!(ids.len(), 100, "each answered once");
    assert!(outcomes.iter().all(|o| matches!(o.result, SendResult::Accepted { .. })));
    let mut by_contact: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for text in accepted.lock().iter() {
        let (contact, seq) = text.split_once('/').unwrap();
        by_contact.entry(contact.to_owned()).or_default().push(seq.parse().unwrap());
    }
    let want: Vec<u32> = (1..=20).collect();
    for (contact, got) in by_contact {
        assert_eq!(got, want, "contact {contact}");
    }
}

#[test]
fn a_slow_channel_stops_only_itself() {
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
    let slow = limit::DISPATCH_IN_FLIGHT as u64 + 20;
    for n in 0..slow {
        stage.open(n, 1);
        stage.say(n, 1);
    }
    stage.open(1_000, 2);
    for seq in 1..=50 {
        stage.say(1_000, seq);
    }
    stage.start();
    let outcomes = stage.outcomes(50);
    assert!(outcomes.iter().all(|o| o.message.conversation.counter() == 1_000));
    let waiting = provider.asked().iter().filter(|a| a.path.contains("/111/")).count();
    assert!(waiting <= limit::DISPATCH_IN_FLIGHT, "{waiting} in flight");
    gate.add_permits(1_000_000);
    assert_eq!(stage.outcomes(50 + slow as usize).len(), 50 + slow as usize);
}

#[test]
fn a_throttled_contact_holds_up_nobody_else() {
    let provider = Provider::start(|asked| async move {
        match asked.to.as_str() {
            // The pair limit: to be tried again after 1 s, 4 s, 16 s …
            "551" => refuse(400, 131_056),
            _ => accept(&asked),
        }
    });
    let mut stage = Stage::new(&provider.url);
    stage.open(1, 1);
    stage.open(2, 1);
    stage.say(1, 1);
    stage.say(1, 2);
    for seq in 1..=30 {
        stage.say(2, seq);
    }
    stage.start();
    let outcomes = stage.outcomes(30);
    assert!(outcomes.iter().all(|outcome| outcome.message.conversation.counter() == 2));
    let overtaken = provider.asked().iter().any(|asked| asked.text == "1/2");
    assert!(!overtaken, "the contact's second message waits for its first");
}
