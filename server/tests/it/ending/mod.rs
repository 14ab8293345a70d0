//! However the server ends: told to, killed, killed at a chosen point.

mod drain;
mod held;
mod kill;
