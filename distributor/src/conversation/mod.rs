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
mod message;
mod moves;
mod due;
mod presence;
mod setting;

pub(crate) use arrival::arrive;
pub(crate) use assignment::hand_over;
pub(crate) use context::{After, Context, Draft, Home, Refusal, Stop};
pub(crate) use due::{Look, look, next_look};
pub(crate) use message::{outcome, receipt, reply};
pub(crate) use moves::{
    close, leave_closed, pend, reassign, redirect, resume, set_aside, transfer, waits_in_closed,
};
pub(crate) use presence::{renew, run_out, set_presence};
pub(crate) use seats::Seats;
pub(crate) use setting::Book;
pub use setting::{Board, InForce};
