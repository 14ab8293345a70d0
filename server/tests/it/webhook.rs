//! What providers and the log may do to the running binary: the same again, and what it cannot bear.

use bytes::Bytes;
use loadtest::auditor::Archived;
use model::desk::{Body, Entity, Envelope, Stamped, wire};
use storage::port::{NewRecord, Partition};

use crate::under_load::{ACCOUNTS, World};

/// Providers that deliver at once, and how often each does.
const AT_ONCE: usize = 100;
const TIMES: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f24_a_webhook_delivered_a_thousand_times_at_once_has_one_effect() {
    let mut world = World::new().await;
    let body = world.text(ACCOUNTS[0], "5511", "wamid.A");
    let caller = || {
        let tries: Vec<_> = (0..TIMES).map(|_| world.deliver(body.clone())).collect();
        async move {
            let mut taken = 0;
            for delivered in tries {
                taken += usize::from(delivered.await.is_some_and(|status| status.is_success()));
            }
            taken
        }
    };
    let callers: Vec<_> = (0..AT_ONCE).map(|_| tokio::spawn(caller())).collect();
    let mut taken = 0;
    for caller in callers {
        taken += caller.await.unwrap();
    }
    assert_eq!(taken, AT_ONCE * TIMES, "each is answered that it was taken");
    world.greeted("5511").await;
    world.stop();
    // What the lanes had not read yet is handled now, before the next customer's message.
    world.server = Some(tokio::task::block_in_place(|| world.home.start()));
    world.deliver(world.text(ACCOUNTS[1], "5512", "wamid.B")).await.unwrap();
    world.greeted("5512").await;
    world.stop();
    let archive = world.archive("data").await;
    let entries = archive.conversations.iter().flat_map(|conversation| &conversation.entries);
    let is_it = |what: &Archived| matches!(what, Archived::Received { provider_id, .. } if provider_id == "wamid.A");
    assert_eq!(entries.filter(|entry| is_it(&entry.what)).count(), 1);
    let greetings = world.provider.record().sends.into_iter().filter(|send| send.to == "5511");
    assert_eq!(greetings.count(), 1);
}

/// The newest entity in `settings` once more: void, since its version is there already.
fn void(log: &dyn storage::port::Log, now: model::time::Timestamp) -> Bytes {
    let mut read = Vec::new();
    log.read(Partition::SETTINGS, 0, usize::MAX, &mut read).unwrap();
    let stamped = wire::decode(&read.pop().unwrap().bytes).unwrap();
    let Body::Entity(entity @ Entity::Channel(_)) = stamped.body else { panic!("a channel") };
    wire::encode(&Stamped { envelope: Envelope::of_input(now), body: Body::Entity(entity) })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f52_an_input_over_which_lanes_panic_goes_to_dead_and_the_server_serves() {
    let mut world = World::new().await;
    world.stop();
    let engines = world.engines("data");
    let bytes = void(&*engines.log, world.clock.now());
    let record = NewRecord { partition: Partition::SETTINGS, bytes };
    tokio::task::block_in_place(|| engines.log.append(vec![record]).wait()).unwrap();
    engines.close().unwrap();

    // Whoever decides it warns of it, and this warning panics.
    let trap = ["--data", "data", "--panic-at", "distributor::conversation::setting"];
    let mut server = world.home.spawn(&trap);
    tokio::task::block_in_place(|| server.wait_for("metrics "));
    world.server = Some(server);
    for (account, address) in ACCOUNTS.into_iter().zip(["5511", "5512"]) {
        let status = world.deliver(world.text(account, address, "wamid.A")).await;
        assert_eq!(status.unwrap(), 200, "the gateway takes what the shards handle later");
        world.greeted(address).await;
    }
    let (_, said, _) = tokio::task::block_in_place(|| world.home.command(&["dead", "list"]));
    assert_eq!(said.matches("  poison  ").count(), 2, "one a shard:\n{said}");
    let (code, said, _) =
        tokio::task::block_in_place(|| world.home.command(&["dead", "show", "0"]));
    assert_eq!(code, Some(0));
    assert!(said.contains("detail   3 attempts to handle it ended in a panic"), "{said}");
    world.stop();
}
