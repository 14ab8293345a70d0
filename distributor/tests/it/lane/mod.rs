//! Shards driven on the memory log: one turn at a time, or on their own threads.

mod faulty;
pub(crate) mod world;
pub(crate) mod walk;
mod commands;
mod receipts;
mod moves;
mod refused;
mod restart;
mod threads;
