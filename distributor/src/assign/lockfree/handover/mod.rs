//! The protocol: seats are taken from agents' words, given to slots' words, and given back. Who
//! makes an agent eligible, or finds that somebody else did, owes the lines he serves a look
//! ([`LockFree::tail`]); so does who begins to wait. Between the two, one sees the other.
//!
//! What an arrival and an end nearly always go through is inlined, or handed on in single words; what
//! they seldom do is kept out of line, and lent the reader it changes: a seat is several words, and
//! to hand it from call to call through memory cost more than the atomic writes of the pair.

mod reserve;
mod tail;
mod free;
mod ready;
mod take;
mod wait;
mod count;

pub(super) use ready::Ready;
pub(super) use reserve::{Full, Taken, Tried};
use tail::Work;
