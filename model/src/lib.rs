//! Words and rules of Chasqui.
//!
//! Everything the other crates say to each other is a type of this crate: ids, people, service
//! entities, commands, rejections and events, with the one way state is rebuilt from them
//! ([`fold`]). Non-goals: no I/O, no randomness, no knowledge of any engine or provider. The only
//! clock here is the trait [`time::Clock`] and its steady implementation.
//!
//! Reading order: [`id`], [`time`], [`unit`], [`limit`], [`place`], [`people`], [`service`], [`desk`],
//! [`fold`].
//!
//! ```
//! use model::id::{ChannelId, ConversationId, LaneId, ShardId};
//! use model::place::Place;
//!
//! let place = Place::new(4, 2)?;
//! let partition = place.of_address(ShardId::new(1)?, ChannelId(7), "5511987654321");
//! assert!(partition.index() == 2 || partition.index() == 3);
//!
//! let id = ConversationId::new(ShardId::new(1)?, LaneId::new(0)?, 42)?;
//! assert_eq!((id.shard().get(), id.lane().get(), id.counter()), (1, 0, 42));
//! # Ok::<(), model::id::IdError>(())
//! ```

pub mod id;
pub mod time;
pub mod unit;
pub mod limit;
pub mod place;
pub mod people;
pub mod service;
pub mod desk;
pub mod fold;

pub use fold::mutant;
