//! The lock-free core behind the same seam: what the reference does, it does.

use std::sync::Arc;

use distributor::assign::{LockFree as Shared, Sizes};
use storage::port::Bell;

use mirrored::Mirrored as Core;

mod mirror;
mod mirrored;
#[expect(clippy::duplicate_mod, reason = "the same on the other core")]
#[path = "../assign/world.rs"]
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
#[path = "../assign/bad_input.rs"]
mod bad_input;
#[expect(clippy::duplicate_mod, reason = "the same on the other core")]
#[path = "../assign/scores.rs"]
mod scores;
#[expect(clippy::duplicate_mod, reason = "the same on the other core")]
#[path = "../assign/restore.rs"]
mod restore;
#[expect(clippy::duplicate_mod, reason = "the same on the other core")]
#[path = "../assign/property/mod.rs"]
mod property;
#[expect(clippy::duplicate_mod, reason = "the same on the other core")]
#[path = "../assign/lanes.rs"]
mod lanes;
mod house;
mod allocation;
mod fairness;
mod room;
mod stress;
mod adversarial;
mod twins;

/// The mirror tells the lawful choices only when no hand-over is under way.
const ALWAYS_EXACT: bool = false;

/// A core that lanes share, with room for `slots` of each.
fn shared(bells: Vec<Arc<Bell>>, slots: u32) -> Shared {
    Shared::new(bells, 7, Sizes { agents: 16, groups: 8, slots })
}
