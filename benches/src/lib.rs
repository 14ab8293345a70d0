//! Benches of Chasqui: one question a file under `benches/`, each with its baseline beside it.
//!
//! `cargo bench -p benches --bench append` asks what the embedded log costs over the bare file, and
//! `--bench replay` how fast it is read back against reading and checksumming the same files;
//! `--bench pair` asks what one assignment and its release cost, and how that grows with the
//! group; `--bench tail` asks how long the slowest of them take while four threads want seats of
//! one group; `--bench lane` asks what one input costs a lane. Read ratios within one run: absolute times are the machine's.
//!
//! This library holds what the benches share: [houses](house) of agents, what [seats](seats) them,
//! the [twin] under a mutex, [busy] houses at a given load, and a [desk] whose log forgets.

pub mod house;
pub mod seats;
pub mod twin;
pub mod busy;
pub mod desk;
