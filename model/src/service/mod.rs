//! Service: channels, endpoints, messages, flows, and a conversation's states.

mod channel;
mod conversation;
mod flow;
mod message;

pub use channel::{Channel, ChannelKind, Endpoint, Secret};
pub use conversation::{CloseReason, ConversationState};
pub use flow::{Flow, Step};
pub use message::{Author, Content, ReceiptStatus};
