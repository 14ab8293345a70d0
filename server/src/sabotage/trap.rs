//! A panic in whoever says a certain thing. In no build without debug assertions.

use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Listens to the server's own log.
pub(super) struct Trap {
    target: String,
}

impl Trap {
    /// Whoever writes a line with this target panics.
    pub(super) const fn new(target: String) -> Self {
        Self { target }
    }
}

impl<S: Subscriber> Layer<S> for Trap {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        assert!(event.metadata().target() != self.target, "a test: {} was met", self.target);
    }
}
