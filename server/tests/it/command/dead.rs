//! `chasqui dead`: list, show and replay, with a server that has the data directory and without.

use std::time::Duration;

use bytes::Bytes;
use gateway::secret::{ChannelSecret, put_channel};
use loadtest::auditor::Archived;
use model::desk::{Body, Entity, Envelope, Settings, Stamped, wire};
use model::id::ChannelId;
use model::service::Secret;
use model::time::Timestamp;
use serde_json::Value;
use storage::engine::Engines;
use storage::port::{NewRecord, Partition, Topic};

use crate::process::Home;
use crate::under_load::{SECRET, SPARE, World};

/// What `chasqui dead list --json` says, letter by letter.
fn listed(home: &Home, args: &[&str]) -> Vec<Value> {
    let (code, said, wrong) = home.command(&[&["dead", "list", "--json"], args].concat());
    assert_eq!(code, Some(0), "{wrong}");
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn dead(home: &Home, args: &[&str]) -> (Option<i32>, String, String) {
    home.command(&[&["dead"], args].concat())
}

/// Lists until there are so many letters; the test's own limit ends it.
async fn wait_for(home: &Home, count: usize) -> Vec<Value> {
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let all = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            ticks.tick().await;
            let all = tokio::task::block_in_place(|| listed(home, &[]));
            if all.len() >= count {
                return all;
            }
        }
    });
    all.await.expect("they did not come")
}

fn append(engines: &Engines, partition: Partition, bytes: Bytes) {
    engines.log.append(vec![NewRecord { partition, bytes }]).wait().unwrap();
}

/// Stops the server and gives its engines to `work`.
async fn while_stopped(world: &mut World, work: impl FnOnce(&Engines)) {
    world.stop();
    let engines = world.engines("data");
    tokio::task::block_in_place(|| work(&engines));
    engines.close().unwrap();
}

/// Adds a channel for the spare account, like the first one.
fn know(engines: &Engines, now: Timestamp) {
    let (mut settings, mut read) = (Settings::default(), Vec::new());
    engines.log.read(Partition::SETTINGS, 0, usize::MAX, &mut read).unwrap();
    for logged in read {
        if let Ok(Stamped { body: Body::Entity(entity), .. }) = wire::decode(&logged.bytes) {
            settings.apply(entity).unwrap();
        }
    }
    let mut channel = settings.channels[&ChannelId(1)].clone();
    (channel.id, channel.account) = (ChannelId(3), SPARE.to_owned());
    let body = Body::Entity(Entity::Channel(channel));
    let envelope = Envelope::of_input(now);
    append(engines, Partition::SETTINGS, wire::encode(&Stamped { envelope, body }));
    let token = ChannelSecret { token: Secret::new(SECRET.to_owned()) };
    let put = put_channel(engines.directory.as_ref(), ChannelId(3), &token);
    tokio::runtime::Handle::current().block_on(put).unwrap();
}

/// How often history has a customer's message.
async fn times(world: &World, id: &str) -> usize {
    let archive = world.archive("data").await;
    let entries = archive.conversations.iter().flat_map(|conversation| &conversation.entries);
    entries
        .filter(|e| matches!(&e.what, Archived::Received { provider_id, .. } if provider_id == id))
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_dead_is_listed_shown_and_told_why_it_stays() {
    let mut world = World::new().await;
    assert_eq!(dead(&world.home, &["list"]).1, "no dead letters\n");
    world.deliver(world.text(SPARE, "5511", "wamid.A")).await.unwrap();
    world.deliver(Bytes::from_static(b"not \x1b[2J json\0\xff")).await.unwrap();
    while_stopped(&mut world, |engines| {
        append(engines, Partition::new(Topic::Inbound, 1), Bytes::from_static(b"poison"));
        append(engines, Partition::SETTINGS, Bytes::from_static(b"no entity"));
    })
    .await;
    world.server = Some(tokio::task::block_in_place(|| world.home.start()));
    // The two lanes that read settings each put the entity there.
    let all = wait_for(&world.home, 5).await;
    let of = |letter: &Value, key: &str| letter[key].as_str().unwrap().to_owned();
    let mut known: Vec<_> = all.iter().map(|l| (of(l, "reason"), of(l, "origin"))).collect();
    known.sort();
    let pairs = [
        ("undecodable", "inbound/1@0"),
        ("undecodable", "settings/0@17"),
        ("undecodable", "settings/0@17"),
        ("unknown-account", "endpoint main"),
        ("unparseable", "endpoint main"),
    ];
    assert_eq!(known, pairs.map(|(a, b)| (a.to_owned(), b.to_owned())));

    tokio::task::block_in_place(|| {
        let home = &world.home;
        let number = |reason: &str| {
            let letter = all.iter().find(|letter| of(letter, "reason") == reason);
            letter.unwrap()["letter"].to_string()
        };
        let (_, said, _) = dead(home, &["list", "--limit", "2"]);
        assert!(said.contains("unknown-account  endpoint main"), "{said}");
        assert!(said.ends_with("there are more: --from 2\n"), "{said}");
        assert_eq!(listed(home, &["--from", "2", "--limit", "2"]), all[2..4]);
        assert_eq!(listed(home, &["--reason", "unparseable"]).len(), 1);

        let (_, said, _) = dead(home, &["show", &number("unparseable")]);
        let hex = "00000000  6e 6f 74 20 1b 5b 32 4a 20 6a 73 6f 6e 00 ff     not .[2J json..\n";
        assert!(said.contains("reason   unparseable\norigin   endpoint main\n"), "{said}");
        assert!(said.ends_with(&format!("bytes    15\n{hex}")), "{said}");
        let (_, said, _) = dead(home, &["show", &number("unknown-account"), "--raw"]);
        let raw: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(raw["value"]["messages"][0]["id"], "wamid.A");
        let (_, said, _) = dead(home, &["show", &number("undecodable"), "--json"]);
        let shown: Value = serde_json::from_str(&said).unwrap();
        assert!(shown["hex"] == "706f69736f6e" || shown["origin"] == "settings/0@17", "{said}");

        let setting = all.iter().find(|letter| of(letter, "origin") == "settings/0@17").unwrap();
        let letters =
            [number("unknown-account"), number("unparseable"), setting["letter"].to_string()];
        refusals(home, &letters);
        assert_eq!(listed(home, &[]).len(), 5, "a refusal writes nothing");
    });
}

/// What cannot be done says why: an unknown account, a webhook that cannot be read, an entity.
fn refusals(home: &Home, [account, webhook, setting]: &[String; 3]) {
    for (args, code, why) in [
        (vec!["show", "77"], 66, "there is no dead letter 77"),
        (vec!["replay", "77"], 66, "there is no dead letter 77"),
        (vec!["list", "--reason", "bad"], 64, "`bad` is not a reason: there are unparseable, "),
        (vec!["list", "--limit", "0"], 64, "0 is not in 1..=1000"),
        (vec!["replay"], 64, "<N>..."),
    ] {
        let (got, _, wrong) = dead(home, &args);
        assert_eq!(got, Some(code), "{wrong}");
        assert!(wrong.contains(why), "{wrong}");
    }
    for (letter, why) in [
        (account, "no channel for account `300000000000003`"),
        (webhook, "invalid utf-8"),
        (setting, "an entity is written anew, with the next version"),
    ] {
        let (got, _, wrong) = dead(home, &["replay", letter]);
        let want = format!("chasqui: dead letter {letter} is not replayed: ");
        assert_eq!(got, Some(65), "{wrong}");
        assert!(wrong.starts_with(&want) && wrong.contains(why), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_is_handled_once_and_seen() {
    let mut world = World::new().await;
    world.deliver(world.text(SPARE, "5511", "wamid.A")).await.unwrap();
    while_stopped(&mut world, |engines| {
        append(engines, Partition::new(Topic::Inbound, 1), Bytes::from_static(b"poison"));
    })
    .await;
    world.server = Some(tokio::task::block_in_place(|| world.home.start()));
    let all = wait_for(&world.home, 2).await;
    let (account, poison) = match all[0]["reason"].as_str().unwrap() {
        "unknown-account" => ("0", "1"),
        _ => ("1", "0"),
    };
    // Through the server: back to where it came from, and dead again, under a new number.
    let (code, said, wrong) =
        tokio::task::block_in_place(|| dead(&world.home, &["replay", poison]));
    let want = format!("dead letter {poison} is replayed to inbound/1@1\n");
    assert_eq!((code, said), (Some(0), want), "{wrong}");
    let all = wait_for(&world.home, 3).await;
    assert_eq!(all[2]["origin"], "inbound/1@1");
    let of_poison: usize = poison.parse().unwrap();
    assert_eq!(all[of_poison]["replays"][0]["to"][0], "inbound/1@1", "it is marked");
    let (code, _, wrong) = tokio::task::block_in_place(|| dead(&world.home, &["replay", poison]));
    assert_eq!(code, Some(65));
    assert!(wrong.contains("it was, at ") && wrong.contains("`--again`"), "{wrong}");

    // Without a server, once the account is known.
    let now = world.clock.now();
    while_stopped(&mut world, |engines| know(engines, now)).await;
    assert_eq!(times(&world, "wamid.A").await, 0);
    let (code, said, wrong) = dead(&world.home, &["replay", account]);
    assert_eq!(code, Some(0), "{said}{wrong}");
    assert!(said.contains(&format!("dead letter {account} is replayed to inbound/")), "{said}");
    let (_, said, _) = dead(&world.home, &["list"]);
    assert_eq!(said.matches("  replayed\n").count(), 2, "{said}");
    let (code, said, _) = dead(&world.home, &["replay", account, "--again"]);
    assert_eq!(code, Some(0), "{said}");
    let (_, said, _) = dead(&world.home, &["show", account]);
    assert_eq!(said.matches("\nreplayed 2").count(), 2, "{said}");
    world.server = Some(tokio::task::block_in_place(|| world.home.start()));
    world.greeted("5511").await;
    world.stop();
    assert_eq!(times(&world, "wamid.A").await, 1, "it was put there twice, and taken once");
}
