//! The schedules find code that is wrong, and find it again by number.
//!
//! Not here: mutants that only a weaker memory shows (the models refute them), and four that need
//! more luck than a test has: `ReserveGivesUp` and `RepairWithoutTail` are met once in about
//! 100 000 schedules, `UndoOwnLineOnly` and `SummaryWithoutLook` are not met in 60 000.

use super::lines::lines;
use super::whole::three_lanes;
use super::{Mutant, Scenario, first_failure};

/// A mutant is met within so many schedules.
const SCHEDULES: u64 = 60_000;

const OF_SEATS: [Mutant; 7] = [
    Mutant::ConfirmUnseen,
    Mutant::PauseKeepsGeneration,
    Mutant::BlindReserve,
    Mutant::CancelDropsSeat,
    Mutant::LostHeadDropsSeat,
    Mutant::BitBeforeWord,
    Mutant::ClearWithoutLook,
];
const OF_TAILS: [Mutant; 4] = [
    Mutant::EnterWithoutTail,
    Mutant::ReleaseWithoutTail,
    Mutant::VacateOwesNothing,
    Mutant::UndoForgetsLine,
];
const OF_LAYOUTS: [Mutant; 3] =
    [Mutant::PublishWithoutLook, Mutant::BumpBeforeLayout, Mutant::ReserveStranger];
const OF_LINES: [Mutant; 5] = [
    Mutant::FreeBeforeUnlink,
    Mutant::LinkBeforeWord,
    Mutant::KeyAfterLink,
    Mutant::SameUseCount,
    Mutant::LinkWithoutLook,
];

fn meets(mutants: &[Mutant], scenario: Scenario) {
    for wrong in mutants {
        let number = first_failure(Some(*wrong), 0..SCHEDULES, scenario);
        let Some(number) = number else { panic!("{wrong:?} holds in {SCHEDULES} schedules") };
        let again = |wrong| first_failure(wrong, number..number + 1, scenario);
        assert_eq!((again(Some(*wrong)), again(None)), (Some(number), None), "{wrong:?}");
        println!("mutant {wrong:?}: met by schedule {number}");
    }
}

#[test]
fn wrong_seats_are_met() {
    meets(&OF_SEATS, three_lanes);
}

#[test]
fn forgotten_tails_are_met() {
    meets(&OF_TAILS, three_lanes);
}

#[test]
fn wrong_layouts_are_met() {
    meets(&OF_LAYOUTS, three_lanes);
}

#[test]
fn wrong_lists_are_met() {
    meets(&OF_LINES, lines);
}
