//! The webhook listener over real sockets.

mod caller;
mod limits;
mod log;
mod refused;
mod taken;

use caller::{Listener, Reply, body_of, post, signed, text};
