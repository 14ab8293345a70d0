//! Load for Chasqui, from the outside: provider simulators, virtual customers and agents, and the
//! auditor that believes none of them.
//!
//! It speaks HTTP and WebSocket to the product like the world does, and knows what the world
//! knows: addresses, passwords, secrets. Only the auditor looks into history, after the stop.
//! Non-goals: it does not start the product, and none of its numbers come from the product.
//!
//! [`routing`] alone looks inside: it drives the distributor's routing core in this process, and
//! believes its own books.
//!
//! Limits: every message, reply and send is kept in memory until the report; there are at most 100
//! million contacts, by the form of their numbers.
//!
//! Reading order: [`provider`], [`customer`], [`agent`], [`scenario`], [`auditor`], [`report`];
//! [`routing`] for itself.
//!
//! ```
//! use std::time::Duration;
//! use loadtest::customer::{Load, Schedule};
//!
//! // The plan of a load is fixed by its seed, before anything is sent.
//! let load = Load::new(50.0, Duration::from_secs(2), 100, 10);
//! assert_eq!(Schedule::new(&load).collect::<Vec<_>>(), Schedule::new(&load).collect::<Vec<_>>());
//! ```

pub mod provider;
pub mod customer;
pub mod agent;
pub mod scenario;
pub mod auditor;
pub mod report;
pub mod http;
pub mod random;

pub use scenario::routing;
