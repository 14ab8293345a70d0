//! What is judged while nothing runs: seats and wake-ups that got lost.

use std::collections::BTreeMap;

use model::id::{GroupId, UserId};

use super::books::Violations;
use super::lane::{Lane, Line, World};
use super::plan::Plan;

/// What a checkpoint found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) violations: Violations,
    /// Whether the structure's own audit says otherwise than the books.
    pub(super) audit_differs: bool,
}

/// Seats one checkpoint probes of a group at most.
const PROBED: u64 = Plan::SPARE_SLOTS / 2;

/// Brings the structure to rest and judges it: nobody may wait while an agent of his is free, and
/// every seat the books call free must be there to be taken.
pub(super) fn judge(world: &World<'_>, lanes: &mut [Lane]) -> Found {
    rest(world, lanes);
    let waiting = waiting(lanes);
    let mut violations = Violations::default();
    for (line, count) in &waiting {
        violations.lost_wakeup += free_seats(world, *line).min(*count);
    }
    for group in world.plan.groups().filter(|group| !waiting.contains_key(&Line::Group(*group))) {
        violations.lost_seat += missing_seats(world, lanes, group, PROBED);
    }
    rest(world, lanes);
    let audit_differs = world.core.audit().is_some_and(|audit| {
        let sound = audit.idle_while_waiting == 0 && audit.unaccounted_seats.unwrap_or(0) == 0;
        sound != (violations == Violations::default())
    });
    Found { violations, audit_differs }
}

/// Ends every conversation and fills the house once: every seat of every agent must be there.
pub(super) fn judge_empty(world: &World<'_>, lanes: &mut [Lane]) -> Violations {
    lanes.iter_mut().for_each(|lane| lane.restore(world));
    rest(world, lanes);
    lanes.iter_mut().for_each(|lane| lane.end_all(world));
    rest(world, lanes);
    lanes.iter_mut().for_each(|lane| lane.end_all(world));
    let mut violations = Violations::default();
    for group in world.plan.groups() {
        violations.lost_seat += missing_seats(world, lanes, group, u64::MAX);
    }
    rest(world, lanes);
    violations
}

/// Takes every hand-over of every lane. One that is undone may go to a lane that was asked before,
/// so two rounds in a row must find none.
fn rest(world: &World<'_>, lanes: &mut [Lane]) {
    let mut found_none = 0;
    while found_none < 2 {
        let now_ns = world.clock.nanos();
        let taken: usize = lanes.iter_mut().map(|lane| lane.take_ready(world, now_ns)).sum();
        found_none = if taken == 0 { found_none + 1 } else { 0 };
    }
}

fn waiting(lanes: &[Lane]) -> BTreeMap<Line, u64> {
    let mut waiting = BTreeMap::new();
    for (line, count) in lanes.iter().flat_map(|lane| lane.waiting.lines()) {
        *waiting.entry(line).or_default() += count;
    }
    waiting
}

/// Free seats of a line, by the books.
fn free_seats(world: &World<'_>, line: Line) -> u64 {
    let of = |group: GroupId| {
        let members = world.plan.agents().filter(move |agent| world.plan.is_member(*agent, group));
        members.map(|agent: UserId| world.books.free_seats(agent, Some(group))).sum()
    };
    match line {
        Line::Own(agent) => world.books.free_seats(agent, None),
        Line::Group(group) => of(group),
    }
}

/// Takes the group's free seats, at most so many, and gives them back: how many were not there.
fn missing_seats(world: &World<'_>, lanes: &mut [Lane], group: GroupId, most: u64) -> u64 {
    let before: Vec<usize> = lanes.iter().map(Lane::holds).collect();
    let room: u64 = lanes.iter().map(Lane::room).sum();
    let wanted = free_seats(world, Line::Group(group)).min(most).min(room);
    let mut missing = wanted;
    for lane in lanes.iter_mut() {
        let asked = missing.min(lane.room());
        let seated = lane.probe(world, group, asked);
        missing -= seated;
        if seated < asked {
            break;
        }
    }
    for (lane, before) in lanes.iter_mut().zip(before) {
        lane.shrink(world, before);
    }
    missing
}
