use std::sync::Arc;

use clap::Args;
use storage::port::Log;
use tracing::Subscriber;
use tracing_subscriber::Layer;

#[cfg(debug_assertions)]
use super::{
    hold::{HoldAt, Holding},
    trap::Trap,
};

/// Faults that tests ask of a server on its command line. A build without debug assertions has none.
#[derive(Clone, Debug, Default, Args)]
pub struct Faults {
    /// Tests kill the server where it waits then.
    #[cfg(debug_assertions)]
    #[arg(long, hide = true)]
    hold_at: Option<HoldAt>,
    /// Whoever writes a line with this target to the server's own log panics.
    #[cfg(debug_assertions)]
    #[arg(long, hide = true)]
    panic_at: Option<String>,
}

impl Faults {
    /// The log that everybody is to use in place of the engine's.
    #[cfg(debug_assertions)]
    pub fn around(&self, log: Arc<dyn Log>) -> Arc<dyn Log> {
        match self.hold_at {
            Some(at) => Arc::new(Holding::new(log, at)),
            None => log,
        }
    }

    /// The log that everybody is to use: the engine's.
    #[cfg(not(debug_assertions))]
    pub fn around(&self, log: Arc<dyn Log>) -> Arc<dyn Log> {
        log
    }

    /// What listens to the server's own log beside its output.
    #[cfg(debug_assertions)]
    pub fn listener<S: Subscriber>(&self) -> Option<impl Layer<S> + Send + Sync + use<S>> {
        self.panic_at.clone().map(Trap::new)
    }

    /// What listens to the server's own log beside its output: nobody.
    #[cfg(not(debug_assertions))]
    pub fn listener<S: Subscriber>(&self) -> Option<impl Layer<S> + Send + Sync + use<S>> {
        None::<tracing_subscriber::layer::Identity>
    }
}
