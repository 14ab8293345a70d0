//! Messages to the customer, and what their provider says of them.

mod reply;
mod receipt;

pub(crate) use receipt::{outcome, receipt};
pub(crate) use reply::reply;
