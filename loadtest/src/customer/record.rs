use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::MessageKey;

/// A message a customer sent, at least once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentMessage {
    /// Who wrote it, and which of his it is.
    pub key: MessageKey,
    /// The provider's id it was sent under, each time the same.
    pub provider_id: String,
    /// The text.
    pub text: String,
    /// Whether the product answered 2xx: from then on it answers for the message.
    pub taken: bool,
    /// How often it was tried until then.
    pub tries: u32,
}

/// Everything the customers sent and were answered.
#[derive(Clone, Debug)]
pub struct CustomerRecord {
    /// Each message sent, in the order they were taken or given up.
    pub messages: Vec<SentMessage>,
    /// Messages that were planned and never sent: their contact's earlier one was never taken.
    pub unsent: u64,
    /// Webhooks planned so far; one may carry two messages.
    pub webhooks: u64,
    /// Webhooks that carried two contacts' messages.
    pub batched: u64,
    /// Messages that were sent once more after or beside a first sending, on purpose.
    pub repeated: u64,
    /// Webhooks sent once more on purpose.
    pub repeated_webhooks: u64,
    /// Tries again after no answer or another than 2xx.
    pub retries: u64,
    /// Answers by HTTP status.
    pub answers: BTreeMap<u16, u64>,
    /// Requests without an answer: refused, broken or timed out.
    pub unanswered: u64,
    /// How late the sender itself was, in microseconds after the planned time.
    pub lateness_us: Histogram<u64>,
    /// From the planned time to the product's 2xx, in microseconds.
    pub taken_us: Histogram<u64>,
}

impl Default for CustomerRecord {
    fn default() -> Self {
        Self {
            messages: Vec::new(),
            unsent: 0,
            webhooks: 0,
            batched: 0,
            repeated: 0,
            repeated_webhooks: 0,
            retries: 0,
            answers: BTreeMap::new(),
            unanswered: 0,
            lateness_us: latency_us(),
            taken_us: latency_us(),
        }
    }
}

/// An empty histogram of microseconds: up to an hour, three digits; longer ones count as an hour.
#[expect(clippy::expect_used, reason = "the bounds are constants the crate documents as lawful")]
pub fn latency_us() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 3_600_000_000, 3)
        .expect("1 < 2 × 1 <= an hour, 3 digits of 0..=5")
}
