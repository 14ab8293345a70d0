//! The simulated provider.

mod signing;
mod simulator;
