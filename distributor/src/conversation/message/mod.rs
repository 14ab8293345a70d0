//! Messages to the customer, and what their provider says of them.

mod reply;
mod receipt;

pub(crate) use receipt::{outcome, receipt};
pub(super) use reply::may_write;
pub(crate) use reply::reply;
