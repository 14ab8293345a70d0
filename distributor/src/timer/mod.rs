//! What happens because time passed: when a lane looks at what, on lane time.
//!
//! Everything here is a hint. What is due follows from the folded state and the settings in force;
//! a look that comes too early finds nothing and sets the next one, so a customer who writes moves
//! no deadline, and a restart rebuilds all of it from the state alone. What does not follow from
//! them is in the log: until when an absent agent's conversations wait for him, and until when a
//! customer who was warned has time.

mod deadlines;
mod absent;
mod agenda;
mod lease;

pub(crate) use absent::Absent;
pub(crate) use agenda::{Agenda, Due};
pub(crate) use deadlines::Deadlines;
pub(crate) use lease::Leases;
