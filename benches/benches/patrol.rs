//! What does the check of a running core cost by agent?
//!
//! One look at a house of one group with nine tenths of its seats taken in turn, so that half of
//! the agents are full and the others are looked up in the index as well. Every size is below
//! `model::limit::PATROL_PLACES`: a look is a round. Each agent is two places, as a member and by
//! his own line.

use benches::house::{GROUP, House};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use distributor::assign::{Arrival, Assign, Patrol, Slot};
use model::id::LaneId;
use model::people::Policy;

fn patrol(c: &mut Criterion) {
    let mut group = c.benchmark_group("patrol");
    for agents in [100, 10_000, 60_000] {
        let house = House::new(Policy::Circular, agents);
        let core = house.lock_free();
        let slot = Slot { lane: LaneId::FIRST, index: 0 };
        let seated = (0..house.seats() * 9 / 10).map(|_| core.arrive(GROUP, slot, 0));
        let _held: Vec<Arrival> = seated.collect();
        let mut patrol = Patrol::default();
        group.throughput(Throughput::Elements(u64::from(agents)));
        group.bench_function(BenchmarkId::from_parameter(agents), |b| {
            b.iter(|| core.patrol(&mut patrol));
        });
    }
    group.finish();
}

criterion_group!(benches, patrol);
criterion_main!(benches);
