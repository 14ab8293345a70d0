//! The faces of Chasqui: webhooks in, sends out, and the desk's API with its console.
//!
//! The gateway meets the distributor only in the log. A webhook is verified over its raw bytes,
//! parsed, and appended; it is answered 2xx only when everything in it is durable ([`http`],
//! [`connector`], [`ingest`]). What a shard decided to send is read back from `events` and sent
//! ([`dispatch`]); the provider's answer goes to `commands` like any other input.
//!
//! Non-goals: no routing, no conversation state of its own, no store but the ports. Limits: every
//! body, queue, wait and retry is bounded by [`model::limit`] or by this crate's [`Config`].
//!
//! ```
//! // A channel accepts a signature over the raw bytes only, with the current or previous secret.
//! use gateway::connector::whatsapp::SignatureKeys;
//! use model::service::Secret;
//!
//! let keys = SignatureKeys::new(&[Secret::new("app_secret".to_owned())]);
//! let body = br#"{"object":"whatsapp_business_account","entry":[]}"#;
//! let header = "sha256=c236c758c9b2bd40b388a550eeca09eaca72384dd0aa5e7c31d19cddac5bba46";
//! assert!(keys.verify(body, &[header.as_bytes()]));
//! assert!(!keys.verify(b"{}", &[header.as_bytes()]));
//! ```
//!
//! Reading order: [`metric`], [`secret`], [`follow`], [`connector`], [`ingest`], [`http`],
//! [`dispatch`]; then [`desk`]: [`auth`], [`view`], [`live`], [`api`], [`console`].

use std::sync::Arc;

use model::place::Place;
use model::time::Clock;
use serde::Deserialize;
use storage::port::{Directory, History, Log};

pub mod metric;
pub mod secret;
pub mod follow;
pub mod connector;
pub mod ingest;
pub mod http;
pub mod dispatch;
pub mod desk;

pub use desk::{api, auth, console, live, view};

/// Everything the gateway asks of the floors below: the ports of an installation and its clock.
#[derive(Clone)]
pub struct Ports {
    /// Where inputs go and events come from.
    pub log: Arc<dyn Log>,
    /// What happened, for pages the view no longer holds.
    pub history: Arc<dyn History>,
    /// Credentials, sessions, secrets.
    pub directory: Arc<dyn Directory>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Shards and lanes of the installation.
    pub place: Place,
}

/// The gateway's part of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The webhook listener.
    pub ingest: http::IngestConfig,
    /// The API, the sockets and the console.
    pub desk: api::DeskConfig,
    /// Sends to providers.
    pub dispatch: dispatch::DispatchConfig,
}
