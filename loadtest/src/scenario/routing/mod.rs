//! The routing core, driven in process: how fast it is, how even, and whether it holds.
//!
//! Each thread is a lane that opens and ends conversations, changes presences and settings, and
//! keeps its own [books](Violations) of what it was given; the core is never asked whether it was
//! right. After every leg all threads stop, and what is at rest is judged: nobody may wait beside
//! a free seat, and every seat that is free must be there to be taken.
//!
//! The same driver runs what is usual in the field ([`StructureKind::CountThenAssign`],
//! [`StructureKind::NaiveCursor`]): a driver that catches nothing there would prove nothing here.
//!
//! Reading order: [`Plan`], [`Driven`], the books, the lane, the checkpoint, [`run`], the report.

mod plan;
mod clock;
mod driven;
mod books;
mod lane;
mod checkpoint;
mod turns;
mod run;
mod report;

pub use books::Violations;
pub use clock::{Monotonic, NanoClock};
pub use driven::{Asked, Driven, Hold, StructureKind};
pub use plan::{Length, Plan, PlanError, Shape};
pub use report::{SCHEMA_VERSION, json, ratios, table};
pub use run::{Checkpoints, Outcome, Progress, RunError, drive, run};
pub use turns::Fairness;
