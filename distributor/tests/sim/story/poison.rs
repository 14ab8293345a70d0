//! A setting over which lanes panic: its warning does, as any rule might.

use std::cell::Cell;
use std::panic::resume_unwind;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::faulty::Crash;

thread_local! {
    static POISON: Cell<bool> = const { Cell::new(false) };
}

/// Void settings panic from now on.
pub(crate) fn spread() {
    POISON.set(true);
}

/// They do no more.
pub(crate) fn mend() {
    POISON.set(false);
}

/// Panics when a lane of this thread warns of a void setting, if it is to.
pub(crate) struct Warned;

impl Subscriber for Warned {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "distributor::conversation::setting"
    }

    fn event(&self, _: &Event<'_>) {
        if POISON.get() {
            resume_unwind(Box::new(Crash));
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
