use std::net::SocketAddr;

use gateway::api::{DeskError, DeskServer};
use gateway::http::IngestServer;

use super::StartError;
use crate::admin::AdminServer;
use crate::config::Config;

/// The three listeners, bound and not yet served.
#[derive(Debug)]
pub struct Listeners {
    pub(super) ingest: IngestServer,
    pub(super) desk: DeskServer,
    pub(super) admin: AdminServer,
    pub(super) addresses: Addresses,
}

/// Where an installation listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Webhooks of providers.
    pub ingest: SocketAddr,
    /// API, WebSocket and console.
    pub desk: SocketAddr,
    /// Health and metrics.
    pub admin: SocketAddr,
}

impl Listeners {
    /// Binds all three.
    pub fn bind(config: &Config) -> Result<Self, StartError> {
        let listen = |section, source| StartError::Listen { section, source };
        let ingest =
            IngestServer::bind(&config.ingest).map_err(|error| listen("ingest", error.source))?;
        let of_desk = |error| {
            let (DeskError::Bind { source, .. } | DeskError::Listen { source }) = error;
            listen("desk", source)
        };
        let desk = DeskServer::bind(&config.desk).map_err(of_desk)?;
        let admin =
            AdminServer::bind(config.admin.listen).map_err(|error| listen("admin", error))?;
        let addresses = Addresses {
            ingest: ingest.local_addr(),
            desk: desk.local_addr(),
            admin: admin.local_addr(),
        };
        Ok(Self { ingest, desk, admin, addresses })
    }

    /// Where they are bound.
    pub const fn addresses(&self) -> Addresses {
        self.addresses
    }
}
