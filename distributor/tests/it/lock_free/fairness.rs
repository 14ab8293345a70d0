//! How even the policies are: through the core, not through their parts.

use std::collections::BTreeSet;

use distributor::assign::{Assign, LockFree};
use model::id::UserId;
use model::people::{Policy, Presence};

use super::house::{groups, opened, release, seat, slot, staffed};

const DRAWS: u32 = 1_000_000;

/// Who is available, by id.
type There = fn(u32) -> bool;

/// One group of so many agents, of whom those of `there` are available, and none is ever full.
fn house(policy: Policy, agents: u32, lanes: u8, there: impl Fn(u32) -> bool) -> LockFree {
    let settings = staffed(groups(&[policy]), (0..agents).map(|_| 80));
    let core = opened(&settings, lanes);
    let away = (1..=agents).filter(|id| !there(*id));
    away.for_each(|id| core.presence(UserId(id), Presence::Paused));
    core
}

/// Seats and ends so many conversations on one lane, each before the next; how often each agent
/// was chosen, by id.
fn chosen(core: &LockFree, lane: u8, agents: u32, draws: u32) -> Vec<u64> {
    let mut chosen = vec![0; agents as usize + 1];
    for _ in 0..draws {
        let ticket = seat(core, 1, slot(lane, 0));
        chosen[ticket.agent().0 as usize] += 1;
        release(core, ticket);
    }
    chosen
}

/// As [`chosen`], on so many lanes at once.
fn chosen_by(lanes: u8, core: &LockFree, agents: u32, draws: u32) -> Vec<u64> {
    let mut all = vec![0; agents as usize + 1];
    std::thread::scope(|scope| {
        let lanes = (0..lanes)
            .map(|lane| scope.spawn(move || chosen(core, lane, agents, draws / u32::from(lanes))));
        for lane in lanes.collect::<Vec<_>>() {
            all.iter_mut().zip(lane.join().unwrap()).for_each(|(all, one)| *all += one);
        }
    });
    all
}

/// Whether counts are as those of a fair die: their chi-square against the value that chance
/// exceeds three times in ten million (Wilson and Hilferty's approximation, five sigmas).
fn is_fair(counts: &[u64]) -> bool {
    let expected = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
    let squares = counts.iter().map(|count| (*count as f64 - expected).powi(2));
    let chi_square = squares.sum::<f64>() / expected;
    let freedom = (counts.len() - 1) as f64;
    let part = 2.0 / (9.0 * freedom);
    chi_square < freedom * (1.0 - part + 5.0 * part.sqrt()).powi(3)
}

fn spread(counts: &[u64]) -> u64 {
    counts.iter().max().unwrap() - counts.iter().min().unwrap()
}

#[test]
fn the_measure_tells_a_fair_die_from_one_that_is_not() {
    assert!(is_fair(&[10_050, 9_950, 10_030, 9_970]));
    assert!(!is_fair(&[10_500, 9_500, 10_000, 10_000]));
}

#[test]
fn random_is_uniform_over_whoever_is_eligible() {
    let even = |_| true;
    let sparse = |id| id % 41 == 3;
    // The next set bit from a random place on would choose 500 four hundred times as often.
    let gappy = |id| id <= 9 || id == 500 || id > 991;
    let shapes: [(u32, There); 4] = [(10, even), (1_000, even), (1_000, sparse), (1_000, gappy)];
    for (agents, there) in shapes {
        for lanes in [1, 2] {
            let core = house(Policy::Random, agents, lanes, there);
            let counts = chosen_by(lanes, &core, agents, DRAWS);
            let (of_there, of_away): (Vec<u32>, Vec<u32>) = (1..=agents).partition(|id| there(*id));
            let counts_of =
                |ids: &[u32]| ids.iter().map(|id| counts[*id as usize]).collect::<Vec<_>>();
            assert!(counts_of(&of_away).iter().all(|count| *count == 0));
            assert!(is_fair(&counts_of(&of_there)), "{agents} agents, {lanes} lanes: {counts:?}");
        }
    }
}

#[test]
fn one_random_choice_says_nothing_of_the_next() {
    let core = house(Policy::Random, 10, 1, |_| true);
    let mut pairs = vec![0_u64; 100];
    let next = || {
        let ticket = seat(&core, 1, slot(0, 0));
        let agent = ticket.agent().0 as usize - 1;
        release(&core, ticket);
        agent
    };
    (0..DRAWS / 2).for_each(|_| pairs[next() * 10 + next()] += 1);
    assert!(is_fair(&pairs), "{pairs:?}");
}

#[test]
fn the_rotation_is_even_at_every_moment_while_others_come_and_go() {
    let (agents, faithful) = (12, BTreeSet::from([1, 2, 4, 5, 7, 8, 11]));
    let core = house(Policy::Circular, agents, 1, |_| true);
    let mut counts = vec![0_u64; agents as usize + 1];
    for turn in 0..DRAWS {
        let other = 3 + turn / 3 % 10;
        if !faithful.contains(&other) {
            let states = [Presence::Paused, Presence::Available];
            core.presence(UserId(other), states[turn as usize % 2]);
        }
        let ticket = seat(&core, 1, slot(0, 0));
        counts[ticket.agent().0 as usize] += 1;
        release(&core, ticket);
        let of_faithful: Vec<u64> = faithful.iter().map(|id| counts[*id as usize]).collect();
        assert!(spread(&of_faithful) <= 1, "after {turn}: {counts:?}");
    }
}

#[test]
fn the_rotation_of_several_threads_is_even_up_to_their_number() {
    const LEGS: u32 = 100;
    for lanes in [2_u8, 4] {
        let agents = 50;
        let core = house(Policy::Circular, agents, lanes, |_| true);
        let mut counts = vec![0_u64; agents as usize + 1];
        for leg in 0..LEGS {
            let chosen = chosen_by(lanes, &core, agents, DRAWS / LEGS);
            counts.iter_mut().zip(chosen).for_each(|(all, one)| *all += one);
            let spread = spread(&counts[1..]);
            assert!(spread <= u64::from(lanes), "after leg {leg}: {spread} at {lanes} threads");
        }
    }
}

#[test]
fn whoever_had_least_comes_next() {
    for policy in [Policy::LeastCount, Policy::LeastTime] {
        let agents = 50;
        let core = house(policy, agents, 1, |_| true);
        let counts = chosen(&core, 0, agents, 100_020);
        assert!(spread(&counts[1..]) <= 1, "{}: {counts:?}", policy.name());
    }
}
