use crate::id::{ChannelId, ConversationId, MessageId, UserId};
use crate::service::{Content, ReceiptStatus};
use crate::time::Timestamp;

/// A customer's message, verified and parsed: the records of `inbound`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// The account it came to.
    pub channel: ChannelId,
    /// The customer's canonical address within the channel.
    pub address: String,
    /// The name the provider gave for the customer; may be empty.
    pub name: String,
    /// The provider's id of the message: the key of deduplication.
    pub provider_id: String,
    /// When the customer wrote it, by the provider's clock.
    pub sent_at: Timestamp,
    /// When the gateway took it.
    pub received_at: Timestamp,
    /// What it holds.
    pub content: Content,
}

/// A provider's receipt for a message we sent: a record of `commands`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The account it came to.
    pub channel: ChannelId,
    /// Our own id, when the provider echoed it.
    pub message: Option<MessageId>,
    /// The provider's id of the message.
    pub provider_id: String,
    /// The customer's canonical address; may be empty.
    pub address: String,
    /// How far the message came.
    pub status: ReceiptStatus,
    /// When, by the provider's clock.
    pub at: Timestamp,
    /// The provider's error code, with [`ReceiptStatus::Failed`].
    pub code: Option<i64>,
}

/// One gateway's sessions, renewed: a record of `control`. A presence that no gateway renews runs
/// out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Whose sessions, each user once, at most [`LEASE_USERS`](crate::limit::LEASE_USERS).
    pub users: Vec<UserId>,
    /// When the gateway wrote it.
    pub at: Timestamp,
}

/// What a provider answered to a send: a record of `commands`, written by dispatch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The message that was sent.
    pub message: MessageId,
    /// What came of it.
    pub result: SendResult,
    /// When the answer came.
    pub at: Timestamp,
    /// How often it was tried, the last try included.
    pub tries: u32,
}

/// What came of a send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendResult {
    /// The provider took it under this id.
    Accepted {
        /// The provider's id of the message.
        provider_id: String,
    },
    /// It will not be tried again.
    Failed {
        /// The provider's error code. Negative when it is dispatch that gave up: then no provider
        /// has judged the message.
        code: i64,
        /// What the provider said, or why dispatch gave up; cut to 512 bytes.
        detail: String,
    },
}

impl SendResult {
    /// Whether this is a failure that no provider has named: its receipt, should one come, knows
    /// better.
    pub const fn is_presumed(&self) -> bool {
        matches!(self, Self::Failed { code, .. } if *code < 0)
    }
}

impl Outcome {
    /// The conversation the outcome belongs to.
    pub const fn conversation(&self) -> ConversationId {
        self.message.conversation
    }
}
