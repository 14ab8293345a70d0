//! Messages to customers: accepted by the desk, in history, at the provider, acknowledged.

use std::collections::{HashMap, HashSet};

use model::id::MessageId;
use model::limit;
use model::service::ReceiptStatus;

use super::{Archive, Archived, Breach, Findings};
use crate::agent::{AgentRecord, ReplyOutcome};
use crate::customer::MessageKey;
use crate::provider::whatsapp::{AcceptedSend, ProviderRecord};

/// What the provider saw, by what it says.
pub(super) struct Outbound<'a> {
    /// Own ids under which each text reached each address.
    arrived: HashMap<(&'a str, &'a str), HashSet<&'a str>>,
    /// Customers' messages answered by a reply that arrived.
    pub(super) answered: HashSet<MessageKey>,
    /// Sends that repeat an own id.
    pub(super) repeated: u64,
}

/// What became of the messages history says were sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fates {
    pub(super) sent: u64,
    pub(super) delivered: u64,
    pub(super) failed: u64,
    pub(super) pending: u64,
}

impl<'a> Outbound<'a> {
    /// Reads through what reached the provider: order, repeats. A crash leaves unknown what became
    /// of the sends in flight, so each channel may repeat so many after each.
    pub(super) fn of(provider: &'a ProviderRecord, crashes: u64, findings: &mut Findings) -> Self {
        let allowed = crashes * limit::DISPATCH_IN_FLIGHT as u64;
        let mut repeats: HashMap<&str, u64> = HashMap::new();
        let mut arrived: HashMap<_, HashSet<&str>> = HashMap::new();
        let mut newest: HashMap<(&str, &str), MessageId> = HashMap::new();
        for send in &provider.sends {
            let own_id = send.own_id.as_deref().unwrap_or_default();
            let texts = arrived.entry((send.to.as_str(), send.text.as_str()));
            texts.or_default().insert(own_id);
            if send.repeated {
                let repeats = repeats.entry(send.account.as_str()).or_default();
                *repeats += 1;
                if *repeats > allowed {
                    findings.add(Breach::RepeatedSend, || own_id.to_owned());
                }
            } else if !in_order(send, &mut newest) {
                findings.add(Breach::DisorderedSend, || format!("{own_id} to {}", send.to));
            }
        }
        Self { arrived, answered: HashSet::new(), repeated: repeats.values().sum() }
    }

    /// Each reply the desk accepted must have reached its contact, under one own id.
    pub(super) fn judge(&mut self, agents: &AgentRecord, findings: &mut Findings) {
        for reply in &agents.replies {
            let arrived = self.arrived.get(&(reply.address.as_str(), reply.text.as_str()));
            match (arrived.map_or(0, HashSet::len), &reply.outcome) {
                (0, ReplyOutcome::Accepted(id)) => {
                    findings.add(Breach::LostReply, || format!("{} ({id})", reply.text));
                }
                (0, _) => {}
                (times, _) => {
                    if times > 1 {
                        findings.add(Breach::DoubledReply, || reply.text.clone());
                    }
                    self.answered.extend(reply.answers);
                }
            }
        }
    }
}

/// Whether a contact gets this after everything he got before. A contact's conversations are
/// numbered in the order they were opened, so ids compare as they should arrive.
fn in_order<'a>(
    send: &'a AcceptedSend,
    newest: &mut HashMap<(&'a str, &'a str), MessageId>,
) -> bool {
    let Some(id) = send.own_id.as_deref().and_then(|id| id.parse::<MessageId>().ok()) else {
        return true;
    };
    let newest = newest.entry((send.account.as_str(), send.to.as_str())).or_insert(id);
    let lawful = id >= *newest;
    *newest = id.max(*newest);
    lawful
}

/// What became of each message that history says was sent.
pub(super) fn fates(archive: &Archive, findings: &mut Findings) -> Fates {
    let mut fates = Fates::default();
    for conversation in &archive.conversations {
        let mut furthest: HashMap<u32, (bool, bool)> = HashMap::new();
        for &(seq, status) in &conversation.receipts {
            let (delivered, failed) = furthest.entry(seq).or_default();
            *delivered |= matches!(status, ReceiptStatus::Delivered | ReceiptStatus::Read);
            *failed |= status == ReceiptStatus::Failed;
        }
        for entry in &conversation.entries {
            if !matches!(entry.what, Archived::Sent { .. }) {
                continue;
            }
            fates.sent += 1;
            match furthest.get(&entry.seq) {
                Some((_, true)) => fates.failed += 1,
                Some((true, false)) => fates.delivered += 1,
                _ => {
                    fates.pending += 1;
                    let id = MessageId { conversation: conversation.id, seq: entry.seq };
                    findings.add(Breach::Pending, || id.to_string());
                }
            }
        }
    }
    fates
}
