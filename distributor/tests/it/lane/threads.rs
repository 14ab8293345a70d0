//! Shards on their own threads: stop, foreign claims, panics, a log that is full.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use distributor::shard::{Handle, ShardError, ShardPlan, Stage};
use model::desk::{Body, Claimed, DeadReason, Entity, Envelope, Event, Stamped, wire};
use model::id::ShardId;
use model::people::Presence;
use model::place::Place;
use model::time::{Clock, Timestamp};
use parking_lot::Mutex;
use storage::engine::embedded::log::disk::RealDisk;
use storage::engine::embedded::log::{Drive, EmbeddedLog, Home, LogOptions};
use storage::engine::embedded::space::Space;
use storage::port::{Bell, Log, Partition, Topic};
use tokio::sync::watch;
use tracing::span::{Attributes, Id, Record as Values};
use tracing::{Metadata, Subscriber};

use super::faulty::Fault;
use super::walk::names;
use super::world::{ANA, World, address_in, entities, group};

/// A shard that runs, and how to stop it.
struct Running {
    handle: Handle,
    stop: watch::Sender<bool>,
}

impl Running {
    fn start(plan: ShardPlan) -> Self {
        let (stop, stopping) = watch::channel(false);
        Self { handle: Handle::start(plan, stopping).unwrap(), stop }
    }

    /// Blocks until the shard is where `there` says.
    fn wait(&self, there: impl Fn(Stage) -> bool) -> Stage {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut stages = self.handle.stages();
        *runtime.block_on(stages.wait_for(|stage| there(*stage))).unwrap()
    }

    fn stop(self) {
        self.stop.send_replace(true);
        self.handle.join();
    }
}

/// Blocks until the log shows an event named `name`.
fn wait_for(world: &World, name: &str) {
    wait_until(world, |names| names.contains(&name));
}

/// Blocks until the log shows events of these names.
fn wait_until(world: &World, there: impl Fn(&[&str]) -> bool) {
    let bell = Bell::new();
    world.log.watch(Partition::new(Topic::Events, 0), &bell);
    while !there(&names(&world.events())) {
        bell.wait(Duration::from_millis(50));
    }
}

fn running(epoch: u32) -> impl Fn(Stage) -> bool {
    move |stage| stage == Stage::Running { epoch }
}

#[test]
fn a_shard_runs_on_threads_until_it_is_stopped() {
    let mut world = World::unowned();
    let shard = Running::start(world.plan.clone());
    world.appear(ANA, Presence::Available);
    world.write(&address_in(0, 0), "hi");
    world.write(&address_in(1, 0), "hi");
    wait_for(&world, "assigned");
    let stages = shard.handle.stages();
    shard.stop();
    assert_eq!(*stages.borrow(), Stage::Stopped);
    let received = names(&world.events()).into_iter().filter(|name| *name == "received").count();
    assert!(received >= 1);
    world.begin();
    world.run();
    let opened = names(&world.events()).into_iter().filter(|name| *name == "opened").count();
    assert_eq!(opened, 2);
}

#[test]
fn another_owners_claim_ends_the_first() {
    let mut world = World::unowned();
    let shard = Running::start(world.plan.clone());
    shard.wait(running(1));
    let claim = Claimed { epoch: 2, attempt: 1 };
    let envelope = Envelope { epoch: 2, ..Envelope::of_input(Default::default()) };
    let foreign = wire::encode(&Stamped { envelope, body: Body::Claimed(claim) });
    world.append(Partition::new(Topic::Events, 0), foreign);
    shard.wait(running(3));
    world.write(&address_in(0, 0), "hi");
    wait_for(&world, "received");
    shard.stop();
    assert_eq!(world.refold().order.epoch(), 3);
}

#[test]
fn a_claim_that_does_not_follow_ends_nobody() {
    let mut world = World::unowned();
    let shard = Running::start(world.plan.clone());
    shard.wait(running(1));
    let claim = Claimed { epoch: 7, attempt: 1 };
    let envelope = Envelope { epoch: 7, ..Envelope::of_input(Default::default()) };
    let void = wire::encode(&Stamped { envelope, body: Body::Claimed(claim) });
    world.append(Partition::new(Topic::Events, 0), void);
    world.write(&address_in(0, 0), "hi");
    wait_for(&world, "received");
    assert_eq!(shard.handle.stage(), Stage::Running { epoch: 1 });
    shard.stop();
}

/// A clock that panics once, in the thread of a given name.
struct Trap {
    clock: Arc<dyn Clock>,
    thread: Mutex<Option<&'static str>>,
}

impl Clock for Trap {
    fn now(&self) -> Timestamp {
        let mut thread = self.thread.lock();
        if thread.is_some() && std::thread::current().name() == *thread {
            *thread = None;
            drop(thread);
            panic!("C9: a test");
        }
        self.clock.now()
    }
}

#[test]
fn a_lane_that_panics_restarts_its_shard_from_the_log() {
    let mut world = World::unowned();
    let clock = Arc::new(Trap { clock: world.clock.clone(), thread: Mutex::new(None) });
    let shard = Running::start(ShardPlan { clock: clock.clone(), ..world.plan.clone() });
    world.write(&address_in(0, 0), "hi");
    wait_for(&world, "queued");
    *clock.thread.lock() = Some("lane-0-1");
    shard.wait(running(2));
    world.appear(ANA, Presence::Available);
    wait_for(&world, "assigned");
    shard.stop();
    assert_eq!(world.refold().order.epoch(), 2);
}

#[test]
fn a_full_log_is_waited_for_and_nothing_is_lost() {
    let mut world = World::unowned();
    let shard = Running::start(world.plan.clone());
    shard.wait(running(1));
    world.log.break_next(Fault::Full(4));
    for n in 0..3 {
        world.write(&address_in(0, n), "hi");
    }
    wait_for(&world, "received");
    assert!(!world.log.is_armed());
    shard.stop();
    assert_eq!(world.refold().order.epoch(), 1, "the same owner");
}

/// An embedded log in `data` whose disk has as many bytes free above its reserve as `free` says.
fn on_disk(
    data: &Path,
    free: &Arc<Mutex<u64>>,
    clock: Arc<dyn Clock>,
    place: Place,
) -> EmbeddedLog {
    let home = |name: &str| {
        let (path, free) = (data.join(name), Arc::clone(free));
        std::fs::create_dir(&path).unwrap();
        let space = move || {
            let total_bytes = 1 << 40;
            let reserve = Space { free_bytes: 0, total_bytes }.reserve_bytes();
            Ok(Space { free_bytes: reserve + *free.lock(), total_bytes })
        };
        Home { disk: Arc::new(RealDisk::new(path)), space: Box::new(space) }
    };
    let options = LogOptions {
        segment_bytes: 1 << 20,
        linger: Duration::ZERO,
        memory_bytes: 1 << 20,
        drive: Drive::Threads,
    };
    EmbeddedLog::open((home("flowing"), home("kept")), place, clock, options).unwrap()
}

#[test]
fn f13_a_full_disk_is_waited_for_by_the_same_owner() {
    let (data, free) = (tempfile::tempdir().unwrap(), Arc::new(Mutex::new(1 << 30)));
    let mut world =
        World::unowned_on(|place, clock| Box::new(on_disk(data.path(), &free, clock, place)));
    for lane in 0..2 {
        world.write(&address_in(lane, 0), "hi");
    }
    // The disk is full once the shard has written its claim and its settings, and stays so.
    let (tries, clock, filling) = (Arc::new(Mutex::new(0)), world.clock.clone(), free.clone());
    let counted = tries.clone();
    world.log.watch_appends(move || {
        *counted.lock() += 1;
        if *counted.lock() > 2 {
            *filling.lock() = 0;
            clock.advance(Duration::from_millis(100));
        }
    });
    let shard = Running::start(world.plan.clone());
    shard.wait(running(1));
    while *tries.lock() < 5 {
        std::thread::yield_now();
    }
    assert_eq!(names(&world.events()), ["nothing"; 0]);
    assert_eq!(shard.handle.stage(), Stage::Running { epoch: 1 });
    world.log.watch_appends(|| {});
    *free.lock() = 1 << 30;
    wait_until(&world, |events| events.iter().filter(|name| **name == "queued").count() == 2);
    assert_eq!(shard.handle.stage(), Stage::Running { epoch: 1 }, "the same owner");
    shard.stop();
    let stamped = world.stamped(Partition::new(Topic::Events, 0));
    let numbers = stamped.iter().map(|stamped| (stamped.envelope.epoch, stamped.envelope.number));
    assert!(numbers.eq((0..stamped.len() as u64).map(|number| (1, number))), "no gap");
}

/// Panics in the place of a subscriber, when a lane of shard 0 warns of a void setting.
struct Warned;

impl Subscriber for Warned {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "distributor::conversation::setting"
    }

    fn event(&self, _: &tracing::Event<'_>) {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or_default();
        assert!(name != "shard-0" && name != "lane-0-0", "C2: a test");
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Values<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn f52_an_input_that_panics_again_and_again_goes_to_dead_and_the_shard_goes_on() {
    tracing::subscriber::set_global_default(Warned).unwrap();
    let mut world = World::unowned();
    let shard = Running::start(world.plan.clone());
    shard.wait(running(1));
    // Of a version that is there already: deciding it warns, and this warning panics.
    world.entity(Entity::Group(group(1)));
    shard.wait(running(4));
    world.write(&address_in(0, 0), "hi");
    wait_for(&world, "queued");
    shard.stop();
    let dead = world.dead();
    assert_eq!((dead.len(), dead[0].reason), (1, DeadReason::Poison));
    assert_eq!(dead[0].origin, format!("settings/0@{}", entities().len()));
    let refused = Event::InputRefused { reason: DeadReason::Poison };
    assert_eq!(world.events().into_iter().filter(|event| *event == refused).count(), 1);
    assert_eq!(world.refold().order.epoch(), 4, "nothing panicked any more");
}

#[test]
fn an_append_that_fails_ends_the_owner_and_the_next_one_goes_on() {
    for fault in [Fault::Lost, Fault::LostLate, Fault::Unknown] {
        let mut world = World::unowned();
        let shard = Running::start(world.plan.clone());
        shard.wait(running(1));
        world.log.break_next(fault);
        world.write(&address_in(0, 0), "hi");
        while shard.handle.stage() != (Stage::Running { epoch: 2 }) {
            world.log.answer_late();
            std::thread::yield_now();
        }
        world.write(&address_in(0, 1), "hi");
        wait_for(&world, "received");
        shard.stop();
        world.begin();
        world.run();
        let events = world.events();
        let opened = events.iter().filter(|event| matches!(event, Event::Opened(_))).count();
        assert_eq!(opened, 2, "{fault:?}");
    }
}

#[test]
fn a_stop_waits_until_everything_handed_over_is_durable() {
    let mut world = World::unowned();
    let shard = Running::start(world.plan.clone());
    shard.wait(running(1));
    world.log.break_next(Fault::Slow);
    for n in 0..3 {
        world.write(&address_in(0, n), "hi");
    }
    wait_for(&world, "received");
    shard.stop.send_replace(true);
    let stages = shard.handle.stages();
    assert_ne!(*stages.borrow(), Stage::Stopped);
    let answering = world.log.clone();
    let joined = std::thread::spawn(move || shard.handle.join());
    while !joined.is_finished() {
        answering.answer_late();
        std::thread::yield_now();
    }
    joined.join().unwrap();
    assert_eq!(*stages.borrow(), Stage::Stopped);
}

#[test]
fn a_shard_outside_of_its_place_is_refused() {
    let world = World::unowned();
    let plan = ShardPlan { shard: ShardId::new(2).unwrap(), ..world.plan };
    let refused = Handle::start(plan, watch::channel(false).1);
    assert!(matches!(refused, Err(ShardError::NoShard(2, 2))));
}
