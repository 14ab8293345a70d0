//! What a lane decides about one conversation: one file per family of rules.
//!
//! A rule looks at a [`Context`] (the lane's folded state, the settings in force, the seats it
//! holds) and answers with the events of one record. It reserves seats in the routing core while
//! it decides, so that a reservation always comes before the record that tells of it. What must
//! come *after* that record (a seat given back, a presence) it only notes down; the lane does it
//! once the record was handed over.

mod context;
mod seats;
mod arrival;
mod assignment;
mod reply;
mod close;
mod receipt;
mod presence;
mod setting;

pub(crate) use arrival::arrive;
pub(crate) use assignment::hand_over;
pub(crate) use close::close;
pub(crate) use context::{After, Context, Draft, Home, Refusal};
pub(crate) use presence::{renew, set_presence};
pub(crate) use receipt::{outcome, receipt};
pub(crate) use reply::reply;
pub(crate) use seats::Seats;
pub(crate) use setting::Book;
pub use setting::{Board, InForce};
