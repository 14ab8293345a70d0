//! What a user at the desk may ask.

pub(super) mod assignment;
pub(super) mod conversation;
pub(super) mod listing;
pub(super) mod live;
pub(super) mod message;
pub(super) mod myself;
pub(super) mod session;
