//! What a list costs, counted in shared accesses.

use super::super::slot::{Assigned, State};
use super::*;
use crate::assign::shim::parking::count;
use proptest::prelude::*;

const LINE: LineId = LineId(0);

fn slot(index: u32) -> Slot {
    Slot { lane: LaneId::FIRST, index }
}

/// One lane; so many wait, in the order of their slots.
fn waiting(count: u32) -> Lines {
    let lines = Lines::new(1, count as usize + 1, 2);
    (0..count).for_each(|index| lines.push(slot(index), i64::from(index), LINE, 0));
    lines
}

fn assign(lines: &Lines, slot: Slot) {
    let seen = lines.word(slot);
    let to = Assigned { agent: 0, generation: 0, charge: 0 };
    assert!(lines.change(slot, seen, seen.assigned(to)));
}

#[test]
fn both_ends_of_a_list_cost_the_same_however_many_wait() {
    let costs = [10, 1_000, 100_000].map(|all| {
        let lines = waiting(all);
        let first = count(|| assign(&lines, lines.head(LINE).unwrap().slot));
        let leaves = count(|| assert_eq!(lines.finish(slot(0)).line, LINE));
        let last = count(|| lines.push(slot(all), i64::from(all), LINE, 0));
        (first, leaves, last)
    });
    assert_eq!(costs[0], costs[1]);
    assert_eq!(costs[0], costs[2]);
}

#[test]
fn what_a_lane_has_not_taken_yet_is_passed_once_and_not_by_each() {
    const ALL: u32 = 20_000;
    let lines = waiting(ALL);
    for _ in 0..ALL {
        let cost = count(|| assign(&lines, lines.head(LINE).unwrap().slot));
        assert!(cost <= 80, "{cost} accesses");
    }
    assert!(lines.head(LINE).is_none());
    assert!(count(|| assert!(lines.head(LINE).is_none())) <= 80);
    for index in (10..ALL).rev() {
        lines.finish(slot(index));
        assert!(count(|| assert!(lines.head(LINE).is_none())) <= 80);
    }
    lines.put_back(slot(3));
    assert_eq!(lines.head(LINE).unwrap().slot, slot(3), "the hint is taken back");
}

#[test]
fn one_leaves_the_middle_in_few_steps() {
    let lines = waiting(100_000);
    let cost = count(|| assert!(lines.withdraw(slot(54_321))));
    assert!(cost <= 200, "{cost} accesses");
    assert_eq!(lines.position(slot(54_322)), Some(54_322));
}

proptest! {
    #[test]
    fn a_list_is_in_order_whatever_comes_and_goes(
        steps in prop::collection::vec((0_u32..40, 0_i64..20, 0_u8..4), 1..300),
    ) {
        let lines = Lines::new(1, 40, 2);
        for (index, key, what) in steps {
            let at = slot(index);
            match (lines.word(at).state(), what) {
                (State::Free, _) => lines.push(at, key, LINE, 0),
                (State::Waiting { .. }, 0) => prop_assert!(lines.withdraw(at)),
                (State::Waiting { .. }, _) => assign(&lines, at),
                (State::Assigned(_), 0 | 1) => lines.put_back(at),
                (State::Assigned(_), _) => prop_assert_eq!(lines.finish(at).line, LINE),
            }
            let waits = |index: &u32| matches!(lines.word(slot(*index)).state(), State::Waiting { .. });
            let mut order: Vec<(i64, Slot)> =
                (0..40).filter(waits).map(|index| (lines.key(slot(index)), slot(index))).collect();
            order.sort_unstable();
            prop_assert_eq!(lines.head(LINE).map(|head| head.order()), order.first().copied());
            for (before, (_, at)) in (1..).zip(&order) {
                prop_assert_eq!(lines.position(*at), Some(before));
            }
            let alive = (0..40).any(|index| lines.word(slot(index)).state() != State::Free);
            prop_assert_eq!(lines.is_empty(LINE), !alive);
        }
    }
}
