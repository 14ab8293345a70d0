//! People: operations, groups and users.

mod group;
mod operation;
mod user;

pub use group::{Group, NewcomerScore, Policy};
pub use operation::Operation;
pub use user::{AgentRank, Cap, CapError, Membership, Presence, User, UserKind};
