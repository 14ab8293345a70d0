//! What do one assignment and its release cost, and how does that grow with the group?
//!
//! `pair/<structure>/<agents>`: a conversation is seated and another one ends, one thread, cap 5,
//! 95 % of all seats taken. Structures: `bare`, two compare-and-swaps on the words of random
//! agents, the least that any core can do; `<policy>`, the lock-free core; `<policy>_mutex`, the
//! right sequential structure for that policy under a mutex; `<policy>_scan`, the reference, which
//! looks at every agent.
//!
//! `pair50/…` is the same at 50 %, where nobody becomes full. `queue/<structure>/<agents>` is an
//! arrival that waits, an end, and the hand-over taken, with all seats taken and as many waiting as
//! there are agents. `groups/<n>` is a pair of the lock-free core, circular, where each of 1000
//! agents is in so many of eight groups, 80 % taken.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up is to stop")]

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use benches::busy::{Busy, Queue};
use benches::house::House;
use benches::seats::Seats;
use benches::twin::Twin;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use model::id::{GroupId, LaneId};
use model::people::Policy;

const AGENTS: [u32; 5] = [10, 100, 1_000, 10_000, 100_000];
const MOST_SCANNED: u32 = 10_000;

/// Words of agents and nothing more. A ticket is the number of a word.
struct Bare {
    words: Vec<AtomicU64>,
    draw: AtomicU64,
}

impl Bare {
    fn new(agents: u32) -> Self {
        let words = (0..agents).map(|_| AtomicU64::new(0)).collect();
        Self { words, draw: AtomicU64::new(1) }
    }

    #[inline]
    fn change(&self, at: u64, change: impl Fn(u64) -> u64) {
        let word = self.words.get(at as usize).expect("a number below the number of words");
        let seen = word.load(Ordering::Acquire);
        let won = word.compare_exchange(seen, change(seen), Ordering::AcqRel, Ordering::Acquire);
        black_box(won.is_ok());
    }
}

impl Seats for Bare {
    type Ticket = u64;

    #[inline]
    fn take(&self, _: LaneId, _: GroupId) -> Option<u64> {
        let draw = self.draw.load(Ordering::Relaxed);
        let draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(3);
        self.draw.store(draw, Ordering::Relaxed);
        let at = ((draw >> 32) * self.words.len() as u64) >> 32;
        self.change(at, |seen| seen.wrapping_add(1));
        Some(at)
    }

    #[inline]
    fn give(&self, at: u64) {
        self.change(at, |seen| seen.wrapping_sub(1));
    }
}

type Group<'a> = BenchmarkGroup<'a, WallTime>;

fn group<'a>(c: &'a mut Criterion, name: &str) -> Group<'a> {
    let mut group = c.benchmark_group(name);
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_millis(1_500));
    group.sample_size(50);
    group
}

fn named(policy: Policy, suffix: &str, agents: u32) -> String {
    format!("{}{suffix}/{agents}", policy.name().replace('-', "_"))
}

/// One structure at a load of so many percent, its house built only if it is asked for.
fn turns<S: Seats>(group: &mut Group<'_>, id: String, taken: u32, build: impl Fn() -> S) {
    let mut ready = None;
    group.bench_function(id, |b| {
        let (seats, busy) = ready.get_or_insert_with(|| {
            let seats = build();
            let busy = Busy::new(&seats, LaneId::FIRST, 1, taken);
            (seats, busy)
        });
        b.iter(|| busy.turn(seats));
    });
}

fn scan(group: &mut Group<'_>, house: &House, taken: u32) {
    let mut ready = None;
    group.bench_function(named(house.policy, "_scan", house.agents), |b| {
        let (core, busy) = ready.get_or_insert_with(|| {
            let (core, tickets) = house.reference_with(taken);
            (core, Busy::with(LaneId::FIRST, tickets))
        });
        b.iter(|| busy.turn(core));
    });
}

fn pair(c: &mut Criterion) {
    let mut group = group(c, "pair");
    for agents in AGENTS {
        let taken = agents * 5 * 95 / 100;
        turns(&mut group, format!("bare/{agents}"), taken, || Bare::new(agents));
        for policy in Policy::ALL {
            let house = House::new(policy, agents);
            turns(&mut group, named(policy, "", agents), taken, || house.lock_free());
            turns(&mut group, named(policy, "_mutex", agents), taken, || Twin::new(&house));
            if agents <= MOST_SCANNED {
                scan(&mut group, &house, taken);
            }
        }
    }
    group.finish();
}

fn pair50(c: &mut Criterion) {
    const AGENTS: u32 = 10_000;
    let taken = AGENTS * 5 / 2;
    let mut group = group(c, "pair50");
    turns(&mut group, format!("bare/{AGENTS}"), taken, || Bare::new(AGENTS));
    for policy in [Policy::Circular, Policy::Random] {
        let house = House::new(policy, AGENTS);
        turns(&mut group, named(policy, "", AGENTS), taken, || house.lock_free());
        turns(&mut group, named(policy, "_mutex", AGENTS), taken, || Twin::new(&house));
    }
    group.finish();
}

fn queue(c: &mut Criterion) {
    const SCANNED: u32 = 1_000;
    let mut group = group(c, "queue");
    for agents in [SCANNED, 100_000] {
        let house = House::new(Policy::Circular, agents);
        turns(&mut group, format!("bare/{agents}"), house.seats(), || Bare::new(agents));
        let mut ready = None;
        group.bench_function(named(house.policy, "", agents), |b| {
            let (core, queue) = ready.get_or_insert_with(|| {
                let core = house.lock_free();
                let queue = Queue::new(&core, house.seats(), agents);
                (core, queue)
            });
            b.iter(|| queue.turn(core));
        });
    }
    let house = House::new(Policy::Circular, SCANNED);
    let mut ready = None;
    group.bench_function(named(house.policy, "_scan", SCANNED), |b| {
        let (core, queue) = ready.get_or_insert_with(|| {
            let core = house.reference();
            let queue = Queue::new(&core, house.seats(), SCANNED);
            (core, queue)
        });
        b.iter(|| queue.turn(core));
    });
    group.finish();
}

fn groups(c: &mut Criterion) {
    const AGENTS: u32 = 1_000;
    const GROUPS: u32 = 8;
    let mut group = group(c, "groups");
    for groups_per_agent in [1, 3, GROUPS] {
        let house = House::new(Policy::Circular, AGENTS);
        let house = House { groups: GROUPS, groups_per_agent, ..house };
        let mut ready = None;
        group.bench_function(groups_per_agent.to_string(), |b| {
            let (core, busy) = ready.get_or_insert_with(|| {
                let core = house.lock_free();
                let busy = Busy::new(&core, LaneId::FIRST, GROUPS, house.seats() * 80 / 100);
                (core, busy)
            });
            b.iter(|| busy.turn(core));
        });
    }
    group.finish();
}

criterion_group!(benches, pair, pair50, queue, groups);
criterion_main!(benches);
