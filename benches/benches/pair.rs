//! What do one assignment and its release cost, and how does that grow with the group?
//!
//! `pair/<policy>_mutex/<agents>`: arrive and free through the reference under its mutex, one
//! thread, cap 5, 95 % of all seats taken. `pair/bare/<agents>`: two compare-and-swaps on the
//! words of random agents, the least that any core can do.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up is to stop")]

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use benches::{GROUP, staffed};
use criterion::{Criterion, criterion_group, criterion_main};
use distributor::assign::{Arrival, Assign, Slot, Ticket};
use model::id::LaneId;
use model::people::Policy;

const AGENTS: [u32; 3] = [10, 100, 1_000];

/// A group at 95 %: each turn seats one conversation and frees the oldest.
struct Busy<C> {
    core: C,
    held: VecDeque<Ticket>,
}

impl<C: Assign> Busy<C> {
    const SLOT: Slot = Slot { lane: LaneId::FIRST, index: 0 };

    fn new(core: C, agents: u32) -> Self {
        let mut busy = Self { core, held: VecDeque::new() };
        for _ in 0..agents * 5 * 95 / 100 {
            busy.seat();
        }
        busy
    }

    fn seat(&mut self) {
        if let Arrival::Seated(seat) = self.core.arrive(GROUP, Self::SLOT, 0) {
            self.held.push_back(seat.ticket);
        }
    }

    fn turn(&mut self) {
        self.seat();
        if let Some(ticket) = self.held.pop_front() {
            black_box(self.core.free(ticket, Duration::from_secs(60)));
        }
    }
}

fn bare(words: &[AtomicU64], seed: &mut u64) {
    for step in [1_u64, u64::MAX] {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let at = (*seed >> 33) as usize % words.len();
        let Some(word) = words.get(at) else { return };
        let seen = word.load(Ordering::Acquire);
        let next = seen.wrapping_add(step);
        let won = word.compare_exchange(seen, next, Ordering::AcqRel, Ordering::Acquire);
        black_box(won.is_ok());
    }
}

fn pair(c: &mut Criterion) {
    let mut group = c.benchmark_group("pair");
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_millis(1_500));
    for agents in AGENTS {
        let words: Vec<AtomicU64> = (0..agents).map(|_| AtomicU64::new(0)).collect();
        let mut seed = 1;
        group.bench_function(format!("bare/{agents}"), |b| b.iter(|| bare(&words, &mut seed)));
        for policy in Policy::ALL {
            let core = staffed(policy, agents).expect("the bench's settings are lawful");
            let mut busy = Busy::new(core, agents);
            let id = format!("{}_mutex/{agents}", policy.name().replace('-', "_"));
            group.bench_function(id, |b| b.iter(|| busy.turn()));
        }
    }
    group.finish();
}

criterion_group!(benches, pair);
criterion_main!(benches);
