//! The lock-free core under random schedules: three or four threads over the whole of it, one of
//! which goes on at each shared access.
//!
//! A schedule has a number, and everything in it follows from the number: the house, what each
//! thread does, and who goes on when. A schedule that fails says its number;
//! `CHASQUI_SCHEDULE=<number>` runs it alone, `CHASQUI_SCHEDULES=<times>` runs so many times as
//! many. What runs is the production code. A schedule knows one order of all accesses: weaker ones
//! are the models' affair.

mod shuffle;
mod desk;
mod lane;
mod whole;
mod lines;
mod bites;
mod linear;

use std::cell::Cell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::shim::{Mutant, set_wrong, turn};
use shuffle::{Dice, Shuffle};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

/// Shared accesses of one schedule: one that needs more turns in a circle.
const ACCESSES: usize = 20_000;

thread_local! {
    static NUMBER: Cell<u64> = const { Cell::new(0) };
}

/// What is run under each schedule: it is told the schedule's number.
type Scenario = fn(u64);

/// Runs so many schedules, or the one asked for; each must hold.
fn hold(name: &str, schedules: u64, scenario: Scenario) {
    let numbers = match variable("CHASQUI_SCHEDULE") {
        Some(number) => number..number + 1,
        None => 0..schedules * variable("CHASQUI_SCHEDULES").unwrap_or(1),
    };
    let failed = first_failure(None, numbers.clone(), scenario);
    assert_eq!(failed, None, "{name}: CHASQUI_SCHEDULE=<the number> runs that schedule alone");
    println!("schedules {name}: {} hold", numbers.end - numbers.start);
}

/// The number of the first schedule that fails, the code being wrong at one point or right.
fn first_failure(wrong: Option<Mutant>, numbers: Range<u64>, scenario: Scenario) -> Option<u64> {
    let mut config = Config::new();
    config.stack_size = 256 * 1024;
    config.failure_persistence = FailurePersistence::None;
    config.max_steps = MaxSteps::FailAfter(ACCESSES);
    let runner = Runner::new(Shuffle::new(numbers, |number| NUMBER.set(number)), config);
    set_wrong(wrong);
    turn::share(true);
    let ran = catch_unwind(AssertUnwindSafe(|| runner.run(move || scenario(NUMBER.get()))));
    turn::share(false);
    set_wrong(None);
    ran.is_err().then(|| NUMBER.get())
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
