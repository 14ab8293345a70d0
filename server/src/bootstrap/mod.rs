//! What an empty installation begins with: a settings file, or the compiled-in starter.

mod file;
mod row;
mod rules;
mod seed;
mod simulator;
mod starter;

pub use file::read;
pub use seed::{PlantError, Planted, Seed, origin};
pub use simulator::{SimulateError, simulate};
pub use starter::{ACCOUNT, AGENT, CHANNEL, ENDPOINT, Starter, StarterError, random, starter};
