//! The routing core: who gets a conversation, and who waits.
//!
//! One core per shard, shared by its lanes. Its seam is the trait [`Assign`]; behind it stands
//! the sequential [`reference`](mod@reference) under a mutex: the oracle of every policy, and
//! the twin any faster core is measured against; and [`LockFree`], which stops nobody.
//!
//! The five policies are decided in [`policy`], one file each.

pub mod policy;
pub mod reference;
mod shim;
mod lockfree;
mod seam;
#[cfg(test)]
#[cfg(not(chasqui_loom))]
mod parked;
#[cfg(test)]
#[cfg(not(chasqui_loom))]
mod counted;
#[cfg(test)]
#[cfg(not(chasqui_loom))]
mod schedules;
#[cfg(test)]
#[cfg(chasqui_loom)]
mod models;

pub use lockfree::{LockFree, Patrol, Sizes};
pub use reference::{MutexAssign, Reference};
pub use seam::{
    Arrival, Assign, Audit, Cancelled, Confirmed, Explanation, Findings, Freed, Passed, Requeued,
    Restore, RestoredSeat, RestoredWait, Seat, SeatKind, SeatOutcome, Slot, Ticket,
};
