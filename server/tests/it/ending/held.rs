//! kill -9 at chosen points: the log holds an append just before it would be written, or just after
//! it became durable, and the process is killed there.

use std::time::Duration;

use loadtest::auditor::{Archive, Archived};
use model::id::{ChannelId, ShardId};
use model::place::Place;

use crate::process::Server;
use crate::under_load::{ACCOUNTS, World};

const ADDRESS: &str = "5511987654321";

fn received<'a>(archive: &'a Archive, id: &'a str) -> impl Iterator<Item = &'a Archived> {
    let entries = archive.conversations.iter().flat_map(|conversation| &conversation.entries);
    let is_it = move |what: &&Archived| matches!(what, Archived::Received { provider_id, .. } if provider_id == id);
    entries.map(|entry| &entry.what).filter(is_it)
}

/// Starts the server anew, held at `point`.
fn held(world: &mut World, point: &str) -> Server {
    world.stop();
    let mut server = world.home.start_held(point);
    server.wait_for("metrics ");
    server
}

/// Delivers a message, has the server killed where it is held, delivers it again as the provider
/// does, and reads history.
async fn killed_at(point: &str) -> Archive {
    let mut world = World::new().await;
    let mut server = tokio::task::block_in_place(|| held(&mut world, point));
    let body = world.text(ACCOUNTS[0], ADDRESS, "wamid.HELD");
    let delivered = tokio::spawn(world.deliver(body.clone()));
    tokio::task::block_in_place(|| {
        server.wait_for(&format!("held at {point}"));
        server.kill();
    });
    let answer = delivered.await.unwrap();
    let taken = answer.is_some_and(|status| status.is_success());
    assert!(!taken, "nobody was told that it was taken: {answer:?}");
    world.server = Some(tokio::task::block_in_place(|| world.home.start()));
    assert_eq!(world.deliver(body).await.unwrap(), 200);
    world.greeted(ADDRESS).await;
    world.stop();
    world.archive("data").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f01_killed_before_the_append_is_durable_the_provider_sends_again() {
    let archive = killed_at("inbound:before:1").await;
    assert_eq!(received(&archive, "wamid.HELD").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f02_killed_before_the_2xx_the_duplicate_is_folded() {
    let archive = killed_at("inbound:after:1").await;
    assert_eq!(received(&archive, "wamid.HELD").count(), 1);
    assert_eq!(archive.conversations.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f03_killed_between_a_send_and_its_record_the_same_message_is_sent_again() {
    let mut world = World::new().await;
    // The first append to `commands` says what the provider answered to the greeting.
    let point = "commands:before:1";
    let mut server = tokio::task::block_in_place(|| held(&mut world, point));
    assert_eq!(world.deliver(world.text(ACCOUNTS[0], "5511", "wamid.A")).await.unwrap(), 200);
    tokio::task::block_in_place(|| {
        server.wait_for(&format!("held at {point}"));
        server.kill();
    });
    assert_eq!(world.provider.record().sends.len(), 1, "the effect was there");
    // The answer that comes now is handled before the next message of its lane.
    world.server = Some(tokio::task::block_in_place(|| world.home.start()));
    let twice = async {
        while world.provider.record().sends.len() < 2 {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(HELD, twice).await.expect("it is sent again");
    world.stop();
    let next = in_lane_of("5511");
    world.server = Some(tokio::task::block_in_place(|| world.home.start()));
    assert_eq!(world.deliver(world.text(ACCOUNTS[0], &next, "wamid.B")).await.unwrap(), 200);
    world.greeted(&next).await;
    world.stop();
    let sends = world.provider.record().sends;
    assert_eq!(sends.len(), 3);
    assert_eq!((&sends[0].own_id, &sends[0].text), (&sends[1].own_id, &sends[1].text));
    let archive = world.archive("data").await;
    let of_it = archive.conversations.iter().find(|conversation| conversation.address == "5511");
    let conversation = of_it.unwrap();
    let sent = |what: &Archived| matches!(what, Archived::Sent { .. });
    assert_eq!(conversation.entries.iter().filter(|entry| sent(&entry.what)).count(), 1);
    assert_eq!(conversation.receipts.len(), 1, "its answer is recorded once");
}

/// Longer than any round: the load is ended when the last kill was done.
const LONG: Duration = Duration::from_secs(3_600);
/// Between two tries to reach a server that begins.
const LOOK: Duration = Duration::from_millis(10);
/// The answer to a webhook that is held comes no later.
const HELD: Duration = Duration::from_secs(5);

/// Another address of the first channel whose conversations are in the same lane.
fn in_lane_of(address: &str) -> String {
    let place = Place::new(2, 2).unwrap();
    let lane = |address: &str| place.of_address(ShardId::default(), ChannelId(1), address);
    let mut others = (1..).map(|n: u32| format!("5512{n:04}"));
    others.find(|other| lane(other) == lane(address)).unwrap()
}

/// What every installation appends to while customers and agents are at work: each is held on
/// either side.
const POINTS: [&str; 10] = [
    "inbound:before:15",
    "inbound:after:15",
    "commands:before:15",
    "commands:after:15",
    "control:before:1",
    "control:after:1",
    "events:before:15",
    "events:after:15",
    "dead:before:1",
    "dead:after:1",
];

/// Delivers what is no webhook, until the server takes it or holds it.
async fn junk(world: &World) {
    let delivered = async {
        while world.deliver("no webhook".into()).await.is_none() {
            tokio::time::sleep(LOOK).await;
        }
    };
    drop(tokio::time::timeout(HELD, delivered).await);
}

/// Once around all points; `make soak` goes round 25 times, each time a little further.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f05_killed_at_every_point_under_load_every_promise_is_kept() {
    let rounds = std::env::var("CHASQUI_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap());
    let mut world = World::new().await;
    let mut running = world.run(150.0, LONG).await;
    let mut kills = 0;
    for round in 0..rounds {
        for point in POINTS {
            let (place, nth) = point.rsplit_once(':').unwrap();
            let nth: u64 = nth.parse().unwrap();
            let point = format!("{place}:{}", if nth > 1 { nth + 7 * round } else { nth });
            world.server().kill();
            running.note_crash();
            world.server = Some(world.home.start_held(&point));
            if place.starts_with("dead") {
                junk(&world).await;
            }
            let server = world.server.as_mut().unwrap();
            tokio::task::block_in_place(|| server.wait_for(&format!("held at {point}")));
            kills += 1;
        }
    }
    world.server().kill();
    running.note_crash();
    world.server = Some(tokio::task::block_in_place(|| world.home.start()));
    running.write_no_more();
    println!("{kills} kills, each at a point of its own");
    let observed = running.finish(|_| {}).await;
    assert!(observed.settled, "the system did not come to rest after the kills");
    let audit = world.audit(&observed).await;
    println!("{:?}", audit.counts);
    let findings: Vec<String> = audit.findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
    assert!(audit.counts.sent > 300, "too little load: {:?}", audit.counts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f05_killed_while_it_is_begun_an_installation_begins_whole() {
    for point in ["settings:before:1", "settings:after:1"] {
        let mut world = World::unstarted().await;
        let mut server = world.home.start_held(point);
        tokio::task::block_in_place(|| {
            server.wait_for(&format!("held at {point}"));
            server.kill();
        });
        world.server = Some(tokio::task::block_in_place(|| world.home.start()));
        let status = world.deliver(world.text(ACCOUNTS[1], "5511", "wamid.A")).await;
        assert_eq!(status.unwrap(), 200);
        world.greeted("5511").await;
        world.stop();
        let archive = world.archive("data").await;
        assert_eq!(received(&archive, "wamid.A").count(), 1, "the account is known: {point}");
    }
}
