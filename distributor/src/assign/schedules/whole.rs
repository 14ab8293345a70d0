//! Everything at once.

use std::sync::Arc;

use super::desk::{Desk, House};
use super::lane::Lane;
use super::{Dice, hold, turn};
use crate::assign::{Assign, Audit};

const STEPS: u32 = 6;

/// Lanes that do everything there is, then a look at the core at rest.
fn run(house: House, number: u64) {
    let mut dice = Dice::new(number);
    let desk = Arc::new(Desk::new(house, &mut dice));
    let mut lanes: Vec<Lane> = (0..house.lanes)
        .map(|lane| Lane::new(lane, Dice::new(number ^ u64::from(lane + 1) << 56)))
        .collect();
    lanes.iter_mut().for_each(|lane| lane.fill(&desk));
    turn::take_turns(true);
    let works = lanes.into_iter().map(|mut lane| {
        let desk = desk.clone();
        shuttle::thread::spawn(move || {
            lane.work(&desk, STEPS);
            lane
        })
    });
    let works: Vec<_> = works.collect();
    let mut lanes: Vec<Lane> = works.into_iter().map(|work| work.join().unwrap()).collect();
    turn::take_turns(false);
    rest(&desk, &mut lanes);
    desk.let_everybody_work();
    rest(&desk, &mut lanes);
    assert!(lanes.iter().all(|lane| lane.waiting.is_empty()), "C6: never served: {lanes:?}");
    lanes.iter_mut().for_each(|lane| lane.end_all(&desk));
    assert_eq!(desk.core.audit(), Audit::default());
}

/// Nothing is wrong at rest (H1 to H4, I1), and nobody is lost.
fn rest(desk: &Desk, lanes: &mut [Lane]) {
    // Whatever is to be undone is undone in the first round; what comes of it is taken in the next.
    for _ in 0..2 {
        lanes.iter_mut().for_each(|lane| lane.take_ready(desk));
    }
    assert_eq!(desk.core.audit(), Audit::default());
    assert!(!desk.core.hides_anybody(), "I1: an eligible agent whose bit is not set");
    for slot in lanes.iter().flat_map(|lane| lane.waiting.keys()) {
        assert!(desk.core.position(*slot).is_some(), "C9: {slot:?} is lost");
    }
}

pub(super) fn three_lanes(number: u64) {
    run(House { idle: 0, agents: 4, lanes: 3, stride: 1 }, number);
}

pub(super) fn four_lanes(number: u64) {
    run(House { idle: 0, agents: 4, lanes: 4, stride: 1 }, number);
}

pub(super) fn crowd(number: u64) {
    run(House { idle: 0, agents: 1, lanes: 4, stride: 1 }, number);
}

/// Agents and slots enough for summaries over the bits.
pub(super) fn wide(number: u64) {
    run(House { idle: 256, agents: 1, lanes: 3, stride: 100 }, number);
}

#[test]
fn three_lanes_leave_a_sound_core() {
    hold("three lanes", 60_000, three_lanes);
}

#[test]
fn four_lanes_leave_a_sound_core() {
    hold("four lanes", 40_000, four_lanes);
}

#[test]
fn a_crowd_around_few_agents_leaves_a_sound_core() {
    hold("a crowd", 40_000, crowd);
}

#[test]
fn a_wide_house_is_left_sound() {
    hold("a wide house", 2_000, wide);
}
