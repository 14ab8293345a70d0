//! Sends against a provider of the test's own.

mod answers;
mod bounds;
mod order;
mod provider;
mod restart;
mod stage;

use provider::{Provider, Said, accept, refuse};
use stage::Stage;
