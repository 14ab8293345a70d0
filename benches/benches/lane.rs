//! What does one input cost a lane: read, decided, written, without the log?
//!
//! A shard of one lane takes inputs that stand in memory and hands its records to a log that
//! forgets them. One line of JSON a kind of input: nanoseconds of each (the best of several
//! rounds), beside what decoding the input and encoding its record cost alone, the floor of any
//! lane; and allocations of each, counted.
//!
//! - `follow_up`: a message of a conversation that has its agent.
//! - `open_assign`: the first message of an address; an agent is free.
//! - `hand_over`: an agent ends a conversation while others wait, and gets the first of them; the
//!   goal is the same with 1,000 waiting and with 100,000.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a bench stops, and prints")]

use std::time::{Duration, Instant};

use benches::desk::Desk;
use benches::house::CAP;
use model::desk::{Stamped, wire};
use storage::port::Logged;

const ROUNDS: usize = 5;
const AGENTS: u32 = 30_000;
const OPEN: usize = 100_000;
const FOLLOW_UPS: usize = 200_000;
const HAND_OVERS: usize = 10_000;

/// What so many inputs of one kind cost, the last of them, and the last batch of their records.
struct Cost {
    inputs: usize,
    records: usize,
    spent: Duration,
    allocations: u64,
    input: Logged,
    written: Vec<Stamped>,
}

#[expect(clippy::disallowed_methods, reason = "a bench measures with the real clock")]
fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

/// Lets the lane take everything that stands in its inputs.
fn take(desk: &mut Desk, inputs: usize) -> Cost {
    let input = desk.last_input().expect("there is an input");
    let (mut spent, before) = (Duration::ZERO, desk.written());
    let counted = allocation_counter::measure(|| {
        spent = timed(|| desk.run());
    });
    let records = desk.written() - before;
    assert!(records >= inputs, "{records} records of {inputs} inputs");
    let allocations = counted.count_total;
    Cost { inputs, records, spent, allocations, input, written: desk.last_written() }
}

fn first_messages(desk: &mut Desk, from: usize, many: usize) -> Cost {
    (from..from + many).for_each(|n| desk.write(n));
    take(desk, many)
}

fn follow_ups() -> Cost {
    let mut desk = Desk::open(AGENTS);
    first_messages(&mut desk, 0, OPEN);
    (0..FOLLOW_UPS).for_each(|n| desk.write(n % OPEN));
    take(&mut desk, FOLLOW_UPS)
}

fn openings() -> Cost {
    let mut desk = Desk::open(AGENTS);
    first_messages(&mut desk, 0, 10_000);
    first_messages(&mut desk, 10_000, OPEN)
}

/// One agent who always ends all his conversations, with so many who wait.
fn hand_overs(waiting: usize) -> Cost {
    let (mut desk, seats) = (Desk::open(1), CAP as usize);
    first_messages(&mut desk, 0, seats + waiting);
    let waves = waiting.min(HAND_OVERS) / seats;
    let mut costs = (0..waves).map(|wave| {
        (wave * seats..(wave + 1) * seats).for_each(|n| desk.close(n));
        take(&mut desk, seats)
    });
    let first = costs.next().expect("a wave");
    costs.fold(first, |sum, wave| Cost {
        inputs: sum.inputs + wave.inputs,
        records: sum.records + wave.records,
        spent: sum.spent + wave.spent,
        allocations: sum.allocations + wave.allocations,
        ..wave
    })
}

/// What decoding an input and encoding its records cost, each alone, in nanoseconds.
fn floor(cost: &Cost) -> (f64, f64) {
    const TIMES: usize = 20_000;
    let each = |spent: Duration| spent.as_nanos() as f64 / TIMES as f64;
    let decode = timed(|| {
        for _ in 0..TIMES {
            drop(std::hint::black_box(wire::decode(&cost.input.bytes)));
        }
    });
    let encode = timed(|| {
        for stamped in cost.written.iter().cycle().take(TIMES) {
            drop(std::hint::black_box(wire::encode(stamped)));
        }
    });
    let records_each = cost.records as f64 / cost.inputs as f64;
    (each(decode), each(encode) * records_each)
}

fn report(kind: &str, round: impl Fn() -> Cost) {
    let best = (0..ROUNDS).map(|_| round()).min_by_key(|cost| cost.spent).expect("a round");
    let (decode, encode) = floor(&best);
    let inputs = best.inputs as f64;
    let each = best.spent.as_nanos() as f64 / inputs;
    let allocations = best.allocations as f64 / inputs;
    let of_floor = each / (decode + encode);
    println!(
        "{{\"kind\":\"{kind}\",\"inputs\":{inputs},\"ns_each\":{each:.0},\"decode_ns\":{decode:.0},\"encode_ns\":{encode:.0},\"of_floor\":{of_floor:.2},\"allocations_each\":{allocations:.1}}}"
    );
}

fn main() {
    report("follow_up", follow_ups);
    report("open_assign", openings);
    report("hand_over_of_1000", || hand_overs(1_000));
    report("hand_over_of_100000", || hand_overs(100_000));
}
