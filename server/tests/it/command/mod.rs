//! The commands for an installation, with and without a server that has it.

mod backup;
mod dead;
mod log;
