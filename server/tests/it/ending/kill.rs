//! kill -9 under load: what was answered 2xx is in history, exactly once. Some kills come while
//! requests are unanswered, some while the server is still recovering from the kill before.

use std::time::Duration;

use bytes::Bytes;
use hyper::{Method, StatusCode};
use loadtest::http::{Call, HttpClient};
use loadtest::scenario::Running;
use serde_json::Value;

use crate::under_load::World;

const KILLS: u64 = 22;
const KILLS_IN_FLIGHT: u64 = 20;
/// Each kill of so many is followed by another one inside the recovery.
const RECOVERY_EVERY: u64 = 3;
const KILLS_IN_RECOVERY: u64 = 5;
const KILLS_IN_ALL: u64 = 25;
const RATE: f64 = 200.0;
/// Longer than any run: the load is ended after the last kill.
const LONG: Duration = Duration::from_secs(3_600);
/// Messages that a server takes before it is killed.
const LIFE: u64 = 150;
const LOOK: Duration = Duration::from_millis(1);
/// How long the test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
struct Tally {
    kills: u64,
    in_flight: u64,
    /// Killed before the shards were begun, and while they recovered.
    beginning: u64,
    recovering: u64,
    missed: u64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_or_doubled_by_kill_9() {
    let mut world = World::new().await;
    let mut running = world.run(RATE, LONG).await;
    let mut tally = Tally::default();
    for number in 1..=KILLS {
        live(&running).await;
        tally.kill(&mut world, &mut running);
        if number % RECOVERY_EVERY == 0 {
            let wanted = if number % 2 == 0 { Moment::Beginning } else { Moment::Recovering };
            tally.kill_inside_recovery(&mut world, &mut running, wanted).await;
        }
        if world.server.is_none() {
            world.server = Some(tokio::task::block_in_place(|| world.home.start()));
        }
    }
    running.write_no_more();
    println!("{tally:?}");
    assert!(tally.in_flight >= KILLS_IN_FLIGHT);
    assert!(tally.beginning + tally.recovering >= KILLS_IN_RECOVERY);
    assert!(tally.kills >= KILLS_IN_ALL);
    let observed = running.finish(|progress| println!("{progress}")).await;
    assert!(observed.settled, "the system did not come to rest after the kills");
    let audit = world.audit(&observed).await;
    println!("{:?}", audit.counts);
    let findings: Vec<String> = audit.findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
    assert!(audit.counts.sent > KILLS * LIFE, "too little load: {:?}", audit.counts);
}

/// Waits until the server has taken some messages and more are on their way to it.
async fn live(running: &Running) {
    let before = running.progress().taken;
    let lived = async {
        while running.progress().taken < before + LIFE || running.in_flight() == 0 {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(PATIENCE, lived).await.expect("the server takes messages");
}

/// Where a starting server is, as `/readyz` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// It answers and has not begun everything.
    Beginning,
    /// Everything is begun, and a shard recovers.
    Recovering,
    Ready,
}

impl Tally {
    fn kill(&mut self, world: &mut World, running: &mut Running) {
        let caught = running.in_flight();
        world.server().kill();
        running.note_crash();
        self.kills += 1;
        self.in_flight += u64::from(caught > 0);
    }

    /// Starts the server and kills it at the moment `wanted`, or at a later one before it is ready.
    /// Once it is ready it is left alone.
    async fn kill_inside_recovery(
        &mut self,
        world: &mut World,
        running: &mut Running,
        wanted: Moment,
    ) {
        let server = world.home.spawn(&["--data", "data"]);
        world.server = Some(server);
        let admin = HttpClient::new(world.home.admin);
        let reached = async {
            loop {
                match moment(&admin).await {
                    Some(moment) if moment == wanted || moment != Moment::Beginning => {
                        return moment;
                    }
                    Some(_) => {}
                    None => tokio::time::sleep(LOOK).await,
                }
            }
        };
        let reached = tokio::time::timeout(PATIENCE, reached).await.expect("an answer");
        match reached {
            Moment::Ready => return self.missed += 1,
            Moment::Beginning => self.beginning += 1,
            Moment::Recovering => self.recovering += 1,
        }
        self.kill(world, running);
    }
}

async fn moment(admin: &HttpClient) -> Option<Moment> {
    let call = Call { method: Method::GET, path: "/readyz", headers: &[], body: Bytes::new() };
    let answer = admin.call(call).await.ok()?;
    let report: Value = serde_json::from_slice(&answer.body).ok()?;
    Some(match report["checks"]["shards"].as_bool() {
        _ if answer.status == StatusCode::OK => Moment::Ready,
        Some(false) => Moment::Recovering,
        _ => Moment::Beginning,
    })
}
