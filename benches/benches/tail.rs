//! How long do the slowest assignments take while four threads want seats of one group?
//!
//! One line of JSON for each structure: every call that takes a seat or gives one back is timed,
//! the reading of the clock included. On fewer cores than threads the tail is what one thread
//! pays when another is stopped in the middle. Structures are named as in the bench `pair`.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a bench stops, and prints")]

use std::sync::Barrier;
use std::time::{Duration, Instant};

use benches::busy::Busy;
use benches::house::House;
use benches::seats::Seats;
use benches::twin::Twin;
use hdrhistogram::Histogram;
use model::id::{GroupId, LaneId};
use model::people::Policy;

const THREADS: u8 = 4;
const AGENTS: u32 = 1_000;
const TIME: Duration = Duration::from_millis(1_500);

/// Seats, each call timed.
struct Timed<'a, S> {
    seats: &'a S,
    latency: parking_lot::Mutex<Histogram<u64>>,
}

impl<S: Seats> Timed<'_, S> {
    fn time<T>(&self, call: impl FnOnce() -> T) -> T {
        let began = now();
        let answer = call();
        let took = now().duration_since(began).as_nanos();
        self.latency.lock().saturating_record(u64::try_from(took).unwrap_or(u64::MAX));
        answer
    }
}

impl<S: Seats> Seats for Timed<'_, S> {
    type Ticket = S::Ticket;

    fn take(&self, lane: LaneId, group: GroupId) -> Option<S::Ticket> {
        self.time(|| self.seats.take(lane, group))
    }

    fn give(&self, ticket: S::Ticket) {
        self.time(|| self.seats.give(ticket));
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn now() -> Instant {
    Instant::now()
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("these bounds are lawful")
}

/// What one thread measures: its share of the house, turn by turn.
fn work<S: Seats>(seats: &S, lane: LaneId, start: &Barrier) -> Histogram<u64> {
    let mut busy = Busy::new(seats, lane, 1, AGENTS * 5 * 95 / 100 / u32::from(THREADS));
    // A histogram of the thread's own: its lock is never waited for.
    let timed = Timed { seats, latency: parking_lot::Mutex::new(histogram()) };
    start.wait();
    let until = now() + TIME;
    while now() < until {
        (0..100).for_each(|_| busy.turn(&timed));
    }
    timed.latency.into_inner()
}

fn tail<S: Seats>(name: &str, seats: &S) {
    let start = Barrier::new(usize::from(THREADS));
    let mut all = histogram();
    std::thread::scope(|scope| {
        let lanes = (0..THREADS).map(|n| LaneId::new(n).expect("few lanes"));
        let start = &start;
        let threads = lanes.map(|lane| scope.spawn(move || work(seats, lane, start)));
        let threads: Vec<_> = threads.collect();
        for thread in threads {
            let part = thread.join().expect("a thread that does not panic");
            all.add(part).expect("histograms of the same bounds");
        }
    });
    let line = serde_json::json!({
        "structure": name,
        "agents": AGENTS,
        "threads": THREADS,
        "calls": all.len(),
        "p50_ns": all.value_at_quantile(0.5),
        "p99_ns": all.value_at_quantile(0.99),
        "p999_ns": all.value_at_quantile(0.999),
        "max_ns": all.max(),
    });
    println!("{line}");
}

fn main() {
    for policy in Policy::ALL {
        let house = House { lanes: THREADS, ..House::new(policy, AGENTS) };
        let name = policy.name().replace('-', "_");
        tail(&name, &house.lock_free());
        tail(&format!("{name}_mutex"), &Twin::new(&house));
        tail(&format!("{name}_scan"), &house.reference());
    }
}
