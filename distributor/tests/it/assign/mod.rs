//! The routing core, seen through its seam: the reference, and the mutex twin that lanes share.
//!
//! What holds of every core is written once, over `Core`, `Shared` and [`shared`] of the module it
//! stands in; `lock_free` runs the same files on its own.

use std::sync::Arc;

use distributor::assign::{MutexAssign as Shared, Reference as Core};
use storage::port::Bell;

mod world;
mod hand_over;
mod by_name;
mod edits;
mod bad_input;
mod scores;
mod restore;
mod property;
mod lanes;

/// The lawful choices of the reference are known while hand-overs are under way, too.
const ALWAYS_EXACT: bool = true;

/// A core that lanes share, with room for `_slots` of each.
fn shared(bells: Vec<Arc<Bell>>, _slots: u32) -> Shared {
    Shared::new(bells, 7)
}
