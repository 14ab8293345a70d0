use std::collections::{HashSet, VecDeque};

use model::time::Timestamp;
use serde::Serialize;

/// A send the simulator accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AcceptedSend {
    /// The product's own id: `biz_opaque_callback_data`.
    pub own_id: Option<String>,
    /// The id the simulator gave.
    pub provider_id: String,
    /// The phone number id that sent it.
    pub account: String,
    /// To whom.
    pub to: String,
    /// What.
    pub text: String,
    /// When it was accepted, in microseconds since the Unix epoch.
    pub at: Timestamp,
    /// Whether a send with the same own id was accepted before.
    pub repeated: bool,
}

/// How far a simulator is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProviderProgress {
    /// Sends accepted.
    pub accepted: u64,
    /// Those of them that did not repeat an own id.
    pub distinct: u64,
    /// Receipts not yet taken by the product.
    pub receipts_due: u64,
}

/// Everything a simulator saw and did.
#[derive(Clone, Debug, Default)]
pub struct ProviderRecord {
    /// Accepted sends, oldest first, the newest `keep` of them.
    pub sends: Vec<AcceptedSend>,
    /// Accepted sends no longer kept: an audit without them is void.
    pub forgotten: u64,
    /// Sends answered 429 on purpose.
    pub throttled: u64,
    /// Sends answered 5xx on purpose.
    pub failed: u64,
    /// Requests refused because they were wrong: no token, bad shape.
    pub wrong: u64,
    /// Receipts answered 2xx by the product.
    pub receipts: u64,
    /// Receipts sent out of order on purpose.
    pub receipts_reordered: u64,
    /// Receipt webhooks that had to be sent again.
    pub receipt_retries: u64,
    /// Receipts not yet taken by the product.
    pub receipts_due: u64,
    /// Receipts given up: no room, or too many tries.
    pub receipts_dropped: u64,
}

/// The newest accepted sends, bounded.
#[derive(Debug)]
pub(super) struct Ring {
    keep: usize,
    pub(super) sends: VecDeque<AcceptedSend>,
    own_ids: HashSet<String>,
    pub(super) accepted: u64,
    pub(super) repeated: u64,
}

impl Ring {
    pub(super) fn new(keep: usize) -> Self {
        let (sends, own_ids) = (VecDeque::new(), HashSet::new());
        Self { keep: keep.max(1), sends, own_ids, accepted: 0, repeated: 0 }
    }

    /// Notes whether the own id is a repeat and keeps the send.
    pub(super) fn push(&mut self, mut send: AcceptedSend) {
        if self.sends.len() == self.keep {
            let gone = self.sends.pop_front();
            gone.and_then(|g| g.own_id).map(|id| self.own_ids.remove(&id));
        }
        send.repeated = send.own_id.clone().is_some_and(|id| !self.own_ids.insert(id));
        self.accepted += 1;
        self.repeated += u64::from(send.repeated);
        self.sends.push_back(send);
    }

    pub(super) fn forgotten(&self) -> u64 {
        self.accepted - self.sends.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(own_id: &str) -> AcceptedSend {
        AcceptedSend {
            own_id: Some(own_id.to_owned()),
            provider_id: String::new(),
            account: String::new(),
            to: String::new(),
            text: String::new(),
            at: Timestamp::default(),
            repeated: false,
        }
    }

    #[test]
    fn a_repeated_own_id_is_noted() {
        let mut ring = Ring::new(10);
        for id in ["1.1", "1.2", "1.1"] {
            ring.push(send(id));
        }
        let repeated: Vec<bool> = ring.sends.iter().map(|s| s.repeated).collect();
        assert_eq!(repeated, [false, false, true]);
    }

    #[test]
    fn only_the_newest_are_kept_and_the_rest_is_counted() {
        let mut ring = Ring::new(2);
        for id in ["1.1", "1.2", "1.3"] {
            ring.push(send(id));
        }
        let kept: Vec<_> = ring.sends.iter().filter_map(|s| s.own_id.as_deref()).collect();
        assert_eq!((kept, ring.forgotten()), (vec!["1.2", "1.3"], 1));
    }
}
