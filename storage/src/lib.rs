//! Storage: four ports and the engines behind them.
//!
//! Nothing above this crate knows which engine runs. The [`port`]s are small traits; every engine
//! passes the same [`suite`]. The [`recorder`] projects the events log into history, exactly once.
//!
//! Non-goals: no knowledge of what a conversation may do (that is the distributor's), none of
//! providers, and no weaker durability to choose from: an append that was answered is durable.
//!
//! Limits, all in [`model::limit`]: a record is at most `RECORD_BYTES`; at most `APPENDING_BYTES`
//! are on their way to the disk; the disk keeps `DISK_RESERVE_BYTES` free. Beyond them an append is
//! refused at once, never held.
//!
//! ```
//! use std::sync::Arc;
//!
//! use model::place::Place;
//! use model::time::SteadyClock;
//! use storage::engine::{self, EngineConfig, EngineKind};
//! use storage::port::{NewRecord, Partition, Topic};
//!
//! let config = EngineConfig { engine: EngineKind::Memory, ..EngineConfig::default() };
//! let place = Place::new(4, 2)?;
//! let engines = engine::open(&config, place, Arc::new(SteadyClock::start()))?;
//!
//! let partition = Partition::new(Topic::Inbound, 3);
//! let record = NewRecord { partition, bytes: "a record".into() };
//! assert_eq!(engines.log.append(vec![record]).wait()?, [0]);
//!
//! let mut records = Vec::new();
//! engines.log.read(partition, 0, 64 * 1024, &mut records)?;
//! assert_eq!(records[0].bytes, "a record");
//! engines.close()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Reading order: [`port`], [`codec`], [`engine`], [`tail`], [`recorder`], [`dead`], [`suite`].

pub mod codec;
pub mod dead;
pub mod engine;
pub mod port;
pub mod recorder;
pub mod suite;
pub mod tail;
