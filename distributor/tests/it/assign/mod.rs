//! The routing core, seen through its seam.

mod world;
mod hand_over;
mod by_name;
mod edits;
mod scores;
mod restore;
mod property;
mod twin;
