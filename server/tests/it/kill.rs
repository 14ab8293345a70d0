//! kill -9 under load: what was answered 2xx is in history, exactly once.

use std::time::Duration;

use loadtest::scenario::Running;

use crate::under_load::World;

const KILLS: u64 = 10;
const KILLS_IN_FLIGHT: u64 = 8;
const RATE: f64 = 200.0;
const PERIOD: Duration = Duration::from_secs(25);
/// Between a start and the next kill.
const LIFE: Duration = Duration::from_millis(1_200);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_or_doubled_by_kill_9() {
    let mut world = World::new().await;
    let mut running = world.run(RATE, PERIOD).await;
    let mut in_flight = 0;
    for number in 1..=KILLS {
        tokio::time::sleep(LIFE).await;
        let caught = catch_in_flight(&running).await;
        world.server().kill();
        running.note_crash();
        in_flight += u64::from(caught > 0);
        println!("kill {number}: {caught} webhooks in flight");
        world.server = Some(tokio::task::block_in_place(|| world.home.start()));
    }
    println!("{in_flight} of {KILLS} kills with webhooks in flight");
    assert!(in_flight >= KILLS_IN_FLIGHT);
    let observed = running.finish(|progress| println!("{progress}")).await;
    assert!(observed.settled, "the system did not come to rest after the kills");
    let audit = world.audit(&observed).await;
    println!("{:?}", audit.counts);
    let findings: Vec<String> = audit.findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
    assert!(audit.counts.sent > 1_000, "too little load: {:?}", audit.counts);
}

/// Waits until a webhook is on its way; how many are. The kill follows within microseconds.
async fn catch_in_flight(running: &Running) -> u64 {
    let caught = async {
        loop {
            match running.in_flight() {
                0 => tokio::task::yield_now().await,
                some => return some,
            }
        }
    };
    tokio::time::timeout(LIFE, caught).await.unwrap_or(0)
}
