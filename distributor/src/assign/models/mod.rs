//! The lock-free core under every interleaving and every lawful reordering of up to three threads
//! (loom, preemption bound 3), on the real code.
//!
//! Each model names the mutants it must refute: the same code made wrong at one point. A model
//! that refutes one of them no longer is itself wrong, and so is a mutant no model names. What
//! each checks in the end is the core's own audit.
//!
//! Not here, because they are not the core's: that a seat is sold again only after its freeing
//! record was handed over, and that a shard's records keep one order, are duties of the lane and
//! of the log.
#![deny(dead_code)]

mod run;
mod desk;
mod bits;
mod lists;
mod seats;
mod hand_overs;
mod own_lines;
mod layouts;
mod ring;

use std::sync::Arc;

use model::id::{GroupId, UserId};
use model::people::{Membership, Policy, Presence};

use super::shim::Mutant;
use super::{Arrival, Assign, Requeued, SeatKind, SeatOutcome, Ticket};
use desk::{Desk, Returned, free, lane_id, slot};
use run::{Model, model, prove};

/// All models, in reading order.
const MODELS: [&[Model]; 7] = [
    bits::MODELS,
    lists::MODELS,
    seats::MODELS,
    hand_overs::MODELS,
    own_lines::MODELS,
    layouts::MODELS,
    ring::MODELS,
];

#[test]
fn every_model_holds_and_every_mutant_is_refuted() {
    prove(&MODELS.concat());
}
