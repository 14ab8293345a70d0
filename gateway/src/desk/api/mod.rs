//! The desk's API: what agents and their supervisors may see and wish, as JSON over HTTP/1.1.
//!
//! Reads come from [`crate::view`], older ones from history. A wish is a command: it is appended
//! to the log, and answered when the record that names it has come back through the view; after
//! [`model::limit::COMMAND_WAIT`] the answer is 202 with the command's id. Every error is problem
//! JSON (RFC 9457). A route without a `Subject` among its arguments is open to everybody; the
//! table of routes is data, and tests hold `openapi.json` and the list of open routes to it.
//!
//! Reading order: [`DeskServer`], `route`, `extract`, `allow`, `key`, `command`, `agent`, `problem`.

mod agent;
mod allow;
mod command;
mod extract;
mod key;
mod problem;
mod route;
mod server;

pub use route::{ROUTES, Route, Verb};
pub use server::{DeskConfig, DeskError, DeskServer};

/// The API's description, as served at `/v1/openapi.json`.
pub const OPENAPI: &str = include_str!("openapi.json");
