//! The settings follower on a log of its own.

use gateway::follow::SettingsFollower;
use model::desk::{Body, Entity, Envelope};
use model::id::OperationId;
use model::time::Timestamp;
use storage::port::{Bell, Partition};
use tokio::sync::watch;

use crate::installation::{PATIENCE, append, entities, installation, settings};

fn put(ports: &gateway::Ports, entity: Entity) {
    let envelope = Envelope::of_input(Timestamp::default());
    append(ports, Partition::SETTINGS, envelope, Body::Entity(entity));
}

/// Waits until the operation has this version.
fn wait_for_version(follower: &SettingsFollower, version: u64) {
    let (bell, mut waited) = (Bell::new(), std::time::Duration::ZERO);
    let pause = std::time::Duration::from_millis(10);
    while follower.current().operations[&OperationId(1)].version < version {
        assert!(waited < PATIENCE, "version {version} did not come");
        bell.wait(pause);
        waited += pause;
    }
}

#[test]
fn what_stands_in_the_log_is_in_force_from_the_start_and_news_follow() {
    let ports = installation("http://127.0.0.1:9").ports;
    for entity in entities("http://127.0.0.1:9") {
        put(&ports, entity);
    }
    let (stop, stopped) = watch::channel(false);
    let follower = SettingsFollower::start(ports.log.clone(), stopped).unwrap();
    assert_eq!(*follower.current(), settings("http://127.0.0.1:9"));
    let mut operation = follower.current().operations[&OperationId(1)].clone();
    // Somebody's late write, then the next version: only that one counts.
    operation.version = 5;
    operation.name = "late".to_owned();
    put(&ports, Entity::Operation(operation.clone()));
    operation.version = 2;
    operation.name = "renamed".to_owned();
    put(&ports, Entity::Operation(operation.clone()));
    wait_for_version(&follower, 2);
    assert_eq!(follower.current().operations[&OperationId(1)], operation);
    stop.send_replace(true);
    follower.join();
}
