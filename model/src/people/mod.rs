//! People: operations, groups and users.

mod group;
mod operation;
mod rules;
mod user;

pub use group::{Group, NewcomerScore, Policy};
pub use operation::Operation;
pub use rules::{GroupRules, Inactivity, OnAbsence, Silence, Warning};
pub use user::{AgentRank, Cap, CapError, Membership, Presence, User, UserKind};
