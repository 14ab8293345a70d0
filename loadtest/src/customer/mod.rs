//! Virtual customers: an open model. Each message has its planned time, whatever the answers do;
//! of one contact the next is sent only after the one before it was taken.

mod record;
mod schedule;
mod sender;
mod token;

pub use record::{CustomerRecord, SentMessage, latency_us};
pub use schedule::{Arrival, Arrivals, Load, PlannedText, Repeat, Schedule};
pub use sender::{CustomerPlan, CustomerProgress, Customers};
pub use token::{MessageKey, NoToken, Token};

/// The number a contact writes from: a Brazilian mobile number, digits only. Contacts above
/// 99 999 999 do not exist.
pub fn address(contact: u32) -> String {
    format!("55119{contact:08}")
}

/// The contact that writes from this number.
pub fn contact_of(address: &str) -> Option<u32> {
    address.strip_prefix("55119").filter(|digits| digits.len() == 8)?.parse().ok()
}
