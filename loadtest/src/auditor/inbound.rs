//! Customers' messages: sent, in history, shown.

use std::collections::HashMap;

use super::{Archive, Archived, Breach, Findings};
use crate::customer::{CustomerRecord, MessageKey, SentMessage, address};
use crate::scenario::Observations;

/// Where history has the messages of this run.
pub(super) struct Inbound<'a> {
    /// Customers' messages by their text: no two are alike.
    sent: HashMap<&'a str, &'a SentMessage>,
    /// How often history has each of them.
    logged: HashMap<MessageKey, u32>,
    /// Those in a conversation that was assigned.
    pub(super) assigned: u64,
}

impl<'a> Inbound<'a> {
    pub(super) fn of(customers: &'a CustomerRecord) -> Self {
        let sent = customers.messages.iter().map(|m| (m.text.as_str(), m)).collect();
        Self { sent, logged: HashMap::new(), assigned: 0 }
    }

    /// Distinct messages in history.
    pub(super) fn logged(&self) -> u64 {
        self.logged.len() as u64
    }

    /// Reads through history: what is there twice, in the wrong order, or from nobody.
    pub(super) fn read(&mut self, archive: &Archive, findings: &mut Findings) {
        let mut newest: HashMap<&str, u32> = HashMap::new();
        for conversation in &archive.conversations {
            let entries = &conversation.entries;
            let assigned = entries.iter().any(|entry| entry.what == Archived::Assigned);
            for entry in entries {
                let Archived::Received { provider_id, text } = &entry.what else { continue };
                let place = || format!("{provider_id} at {}.{}", conversation.id, entry.seq);
                let sent = self.sent.get(text.as_str());
                let Some(sent) = sent.filter(|m| address(m.key.contact) == conversation.address)
                else {
                    if self.claims_to_be_ours(provider_id) {
                        findings.add(Breach::InventedInbound, place);
                    }
                    continue;
                };
                let times = self.logged.entry(sent.key).or_default();
                *times += 1;
                if *times > 1 {
                    findings.add(Breach::DoubledInbound, place);
                    continue;
                }
                if sent.provider_id != *provider_id {
                    findings.add(Breach::InventedInbound, place);
                }
                self.assigned += u64::from(assigned);
                let newest = newest.entry(conversation.address.as_str()).or_default();
                if sent.key.number < *newest {
                    findings.add(Breach::DisorderedInbound, place);
                }
                *newest = sent.key.number.max(*newest);
            }
        }
    }

    /// What was answered 2xx must be in history, and somebody must have been shown it. Only while
    /// all sockets were held: while one is away a conversation may come and go unseen.
    pub(super) fn judge(&self, observed: &Observations, findings: &mut Findings) {
        let stops = observed.crashes + observed.drains;
        let watched = stops == 0 && observed.agents.reconnects == 0;
        for sent in observed.customers.messages.iter().filter(|sent| sent.taken) {
            if !self.logged.contains_key(&sent.key) {
                findings
                    .add(Breach::LostInbound, || format!("{} ({})", sent.key, sent.provider_id));
            } else if watched && !observed.agents.shown.contains(&sent.key) {
                findings.add(Breach::NeverShown, || sent.key.to_string());
            }
        }
    }

    /// History may hold older runs' messages and strangers'; this one has an id of this run.
    fn claims_to_be_ours(&self, provider_id: &str) -> bool {
        let Some(first) = self.sent.values().next() else { return false };
        run_of(&first.provider_id).is_some_and(|run| run_of(provider_id) == Some(run))
    }
}

fn run_of(provider_id: &str) -> Option<&str> {
    Some(provider_id.strip_prefix("wamid.LT")?.split_once('x')?.0)
}
