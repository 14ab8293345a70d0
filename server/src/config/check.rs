use std::net::SocketAddr;

use storage::engine::{EngineConfig, EngineKind};
use tracing_subscriber::EnvFilter;

use super::{Fault, Loaded};

impl Loaded {
    /// What a start would refuse though every value can be read.
    pub(super) fn check(&self) -> Result<(), Fault> {
        self.place()?;
        self.bootstrap_file()?;
        self.check_storage()?;
        self.check_listeners()?;
        let filter = self.config.log.filter.parse::<EnvFilter>();
        filter.map(drop).map_err(|error| self.fault("log", "filter", error.to_string()))
    }

    fn check_storage(&self) -> Result<(), Fault> {
        let EngineConfig { engine, segment_bytes, linger, .. } = &self.config.storage;
        let (least, most) = (EngineConfig::SEGMENT_LEAST, EngineConfig::LINGER_MOST);
        if *engine == EngineKind::Embedded && *segment_bytes < least {
            let message = format!("{segment_bytes} is less than {least}");
            return Err(self.fault("storage", "segment_bytes", message));
        }
        if *engine == EngineKind::Embedded && *linger > most {
            let message = format!("{linger} is more than {most}");
            return Err(self.fault("storage", "linger", message));
        }
        Ok(())
    }

    /// No two on one port. The simulator counts where it was asked for: without a starter its
    /// default is nobody's.
    fn check_listeners(&self) -> Result<(), Fault> {
        let config = &self.config;
        let mut listeners = vec![
            ("ingest", "listen", config.ingest.listen),
            ("desk", "listen", config.desk.listen),
            ("admin", "listen", config.admin.listen),
        ];
        if self.is_set("bootstrap", "simulator") {
            listeners.push(("bootstrap", "simulator", config.bootstrap.simulator));
        }
        let mut before = listeners.as_slice();
        while let Some(((section, key, address), rest)) = before.split_last() {
            let other = rest.iter().find(|(.., other)| collide(*other, *address));
            if let Some((its_section, its_key, _)) = other {
                let message = format!("{address} is already taken by {its_section}.{its_key}");
                return Err(self.fault(section, key, message));
            }
            before = rest;
        }
        Ok(())
    }
}

/// Whether only one of two can listen: one port, on one address or on every address. Port 0 is a
/// free one each time.
fn collide(a: SocketAddr, b: SocketAddr) -> bool {
    let every = a.ip().is_unspecified() || b.ip().is_unspecified();
    a.port() != 0 && a.port() == b.port() && (every || a.ip() == b.ip())
}
