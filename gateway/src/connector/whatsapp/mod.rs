//! WhatsApp Cloud API: the handshake, signatures, webhooks in and texts out.
//!
//! Facts are from Meta's Graph API webhooks and WhatsApp Cloud API reference.

mod signature;
mod handshake;
mod parse;
mod send;

pub use handshake::{Handshake, challenge};
pub use parse::{Source, parse, read_again};
pub use send::{classify, request};
pub use signature::SignatureKeys;
