//! The lock-free core behind the same seam: what the reference does, it does.

mod mirror;
mod mirrored;
mod world;
#[expect(clippy::duplicate_mod, reason = "the same on the other core")]
#[path = "../assign/hand_over.rs"]
mod hand_over;
#[expect(clippy::duplicate_mod, reason = "the same on the other core")]
#[path = "../assign/by_name.rs"]
mod by_name;
#[expect(clippy::duplicate_mod, reason = "the same on the other core")]
#[path = "../assign/edits.rs"]
mod edits;
#[expect(clippy::duplicate_mod, reason = "the same on the other core")]
#[path = "../assign/scores.rs"]
mod scores;
mod restore;
mod property;
mod lanes;
mod stress;
