//! Conformance: what every engine must do, whatever it is made of.
//!
//! Each case is a function over one port, run against an empty engine that was opened for
//! [`place`]. The macros [`log_suite`](crate::log_suite), [`history_suite`](crate::history_suite),
//! [`directory_suite`](crate::directory_suite) and [`snapshot_suite`](crate::snapshot_suite) make
//! one test of each case, so that no engine leaves one out:
//!
//! ```text
//! storage::log_suite!(|case| case(&open_my_engine().log));
//! ```
//!
//! A case that fails panics, as a test does.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the cases are tests; they live here so that every engine can run them"
)]

pub mod directory;
pub mod history;
pub mod log;
pub mod snapshot;

use model::place::Place;

use crate::port::Answer;

/// The size every engine is opened for: 2 shards of 2 lanes.
pub fn place() -> Place {
    Place::new(2, 2).unwrap()
}

/// Waits for an answer on this thread.
fn now<T>(answer: Answer<'_, T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(answer).unwrap()
}

/// Makes a test of each function named, of the module named.
#[doc(hidden)]
#[macro_export]
macro_rules! suite_of {
    ($run:expr, $room:ident: $($case:ident)*) => {
        $(
            #[test]
            fn $case() {
                ($run)($crate::suite::$room::$case);
            }
        )*
    };
}
