//! Virtual customers keep their planned rate, their order, and their messages.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use loadtest::customer::{CustomerPlan, Customers, Load, Schedule, Token};
use loadtest::provider::whatsapp::webhook::sign;
use model::service::Secret;
use model::time::SteadyClock;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::sink::{Noted, sink};

fn plan(ingest: SocketAddr, load: Load) -> CustomerPlan {
    CustomerPlan {
        ingest,
        endpoint: "demo".to_owned(),
        app_secret: Secret::new("secret".to_owned()),
        accounts: vec!["1".to_owned(), "2".to_owned()],
        load,
        run: 7,
        origin: Instant::now(),
        clock: Arc::new(SteadyClock::start()),
    }
}

/// Few contacts, so that they wait for each other's answers.
fn load() -> Load {
    Load { repeated_share: 0.2, batched_share: 0.2, ..Load::new(400.0, ms(400), 8, 4) }
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Receives until each planned text was answered 200; the webhooks in order.
async fn receive_all(load: &Load, noted: &mut mpsc::UnboundedReceiver<Noted>) -> Vec<Noted> {
    let planned: usize = Schedule::new(load).map(|arrival| arrival.texts.len()).sum();
    let (mut taken, mut all) = (BTreeSet::new(), Vec::new());
    while taken.len() < planned {
        let webhook = noted.recv().await.unwrap();
        if webhook.answered == 200 {
            let messages = webhook.elements("messages");
            taken.extend(messages.iter().map(|m| m["id"].as_str().unwrap().to_owned()));
        }
        all.push(webhook);
    }
    all
}

fn tokens(webhook: &Noted) -> Vec<Token> {
    let messages = webhook.elements("messages").into_iter();
    messages.map(|m| Token::of_text(m["text"]["body"].as_str().unwrap()).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_planned_rate_is_kept_whatever_the_answers_do() {
    // Nobody listens here any more: every webhook is refused at once, for ever.
    let dead = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let load = Load::new(100.0, Duration::from_secs(10), 5_000, 50);
    let planned: u64 = Schedule::new(&load).map(|arrival| arrival.texts.len() as u64).sum();
    let customers = Customers::start(plan(dead, load));
    tokio::time::sleep(Duration::from_secs(11)).await;
    let progress = customers.progress();
    assert_eq!((progress.planned, progress.taken), (planned, 0));
    assert!((900..1_100).contains(&planned), "{planned}");
    let record = customers.record();
    assert!(record.retries > 0 && record.unanswered > 0);
    // Paused time stands still while anything runs: the sender is never late, but for the
    // millisecond that timers are rounded to.
    assert!(record.lateness_us.max() <= 1_000, "{}", record.lateness_us.max());
}

#[tokio::test]
async fn of_one_contact_the_next_is_sent_only_after_the_one_before_was_taken() {
    let (ingest, mut noted) = sink(|number| if number % 3 == 0 { 503 } else { 200 }).await;
    let load = load();
    let customers = Customers::start(plan(ingest, load.clone()));
    let mut newest: HashMap<u32, u32> = HashMap::new();
    for webhook in receive_all(&load, &mut noted).await {
        for token in tokens(&webhook) {
            let newest = newest.entry(token.key.contact).or_default();
            assert!(token.key.number <= *newest + 1, "{} after {newest}", token.key);
            if webhook.answered == 200 {
                *newest = token.key.number.max(*newest);
            }
        }
    }
    assert!(customers.record().retries > 0);
}

#[tokio::test]
async fn webhooks_are_signed_and_sent_again_byte_for_byte() {
    let (ingest, mut noted) = sink(|number| if number % 4 == 0 { 500 } else { 200 }).await;
    let load = load();
    let customers = Customers::start(plan(ingest, load.clone()));
    let mut bodies: BTreeMap<String, BTreeSet<Vec<u8>>> = BTreeMap::new();
    for webhook in receive_all(&load, &mut noted).await {
        assert_eq!(webhook.path, "/webhooks/demo");
        let secret = Secret::new("secret".to_owned());
        assert_eq!(webhook.signature, sign(&secret, &webhook.body));
        assert!(webhook.body.is_ascii());
        for message in webhook.elements("messages") {
            let id = message["id"].as_str().unwrap().to_owned();
            bodies.entry(id).or_default().insert(webhook.body.to_vec());
        }
    }
    assert!(bodies.values().all(|bodies| bodies.len() == 1));
    let record = customers.record();
    assert!(record.batched > 0, "some webhooks carry two contacts");
}

#[tokio::test]
async fn what_was_not_taken_is_recorded_as_such() {
    let (ingest, mut noted) = sink(|_| 503).await;
    let customers = Customers::start(plan(ingest, load()));
    noted.recv().await.unwrap();
    customers.give_up();
    while !customers.progress().finished {
        tokio::task::yield_now().await;
    }
    let record = customers.record();
    assert!(!record.messages.is_empty());
    assert!(record.messages.iter().all(|message| !message.taken));
    assert_eq!(customers.in_flight(), 0);
}
