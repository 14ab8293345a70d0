//! The auditor. It believes nobody: it knows only what customers and agents sent and were told,
//! what reached the provider, and what history holds after the stop; never the product's own
//! numbers. A pure function over plain data.

mod archive;
mod finding;
mod inbound;
mod outbound;

use std::collections::BTreeMap;

use model::service::ConversationState;

pub use archive::{Archive, ArchiveError, Archived, ArchivedConversation, ArchivedEntry};
pub use finding::{Breach, Contract, Finding};

use crate::scenario::Observations;

/// What the audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// The numbers.
    pub counts: Counts,
    /// How often each promise was broken, by kind; empty when none was.
    pub breaches: BTreeMap<Breach, u64>,
    /// Examples, a few of each kind.
    pub findings: Vec<Finding>,
}

/// The numbers of a run, as far as the outside can know them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Customers' messages answered 2xx.
    pub sent: u64,
    /// Messages that were sent once more on purpose.
    pub duplicates_sent: u64,
    /// Distinct messages found in history.
    pub logged: u64,
    /// Of those, the ones in a conversation that was assigned to an agent.
    pub assigned: u64,
    /// Distinct messages shown on an agent's socket.
    pub shown: u64,
    /// Distinct messages named by a reply that reached the provider, at their contact.
    pub answered: u64,
    /// Replies the desk accepted.
    pub replies: u64,
    /// Messages to customers, replies and the flow's, that history holds.
    pub outbound: u64,
    /// Of those, the ones history knows delivered or read.
    pub delivered: u64,
    /// Of those, the ones history knows failed.
    pub failed: u64,
    /// Of those, the ones of which history knows neither.
    pub pending: u64,
    /// Messages and replies that were taken and have gone.
    pub lost: u64,
    /// Messages, replies and sends with more than one effect.
    pub doubled: u64,
    /// Times an agent was given one conversation too many.
    pub over_cap: u64,
    /// Messages and sends out of their contact's order.
    pub out_of_order: u64,
    /// Conversations in the flow or a queue at the end.
    pub waiting: u64,
    /// Conversations with an agent at the end.
    pub open: u64,
    /// Sends that repeat an own id: after a crash some are allowed.
    pub resent: u64,
}

/// Breaches in the making.
#[derive(Debug, Default)]
struct Findings {
    breaches: BTreeMap<Breach, u64>,
    findings: Vec<Finding>,
}

impl Findings {
    /// Examples kept of each kind.
    const EXAMPLES: u64 = 5;

    fn add(&mut self, breach: Breach, example: impl FnOnce() -> String) {
        let times = self.breaches.entry(breach).or_default();
        *times += 1;
        if *times <= Self::EXAMPLES {
            self.findings.push(Finding { breach, example: example() });
        }
    }

    fn of(&self, breaches: &[Breach]) -> u64 {
        breaches.iter().filter_map(|breach| self.breaches.get(breach)).sum()
    }
}

/// Judges a run by what was observed and what history holds after the stop.
pub fn audit(observed: &Observations, archive: &Archive) -> Audit {
    let mut findings = Findings::default();
    let mut inbound = inbound::Inbound::of(&observed.customers);
    inbound.read(archive, &mut findings);
    inbound.judge(observed, &mut findings);
    let mut outbound = outbound::Outbound::of(&observed.provider, observed.crashes, &mut findings);
    outbound.judge(&observed.agents, &mut findings);
    let fates = outbound::fates(archive, &mut findings);
    for over in &observed.agents.over_cap {
        findings.add(Breach::OverCap, || {
            format!("{} held {} of {} with {}", over.agent, over.held, over.cap, over.conversation)
        });
    }
    judge_conversations(archive, &mut findings);
    let counts = Counts {
        logged: inbound.logged(),
        assigned: inbound.assigned,
        answered: outbound.answered.len() as u64,
        outbound: fates.sent,
        delivered: fates.delivered,
        failed: fates.failed,
        pending: fates.pending,
        resent: outbound.repeated,
        ..counts(observed, &findings)
    };
    Audit { counts, breaches: findings.breaches, findings: findings.findings }
}

fn counts(observed: &Observations, findings: &Findings) -> Counts {
    let taken = observed.customers.messages.iter().filter(|message| message.taken);
    let accepted = observed
        .agents
        .replies
        .iter()
        .filter(|reply| matches!(reply.outcome, crate::agent::ReplyOutcome::Accepted(_)));
    use Breach as B;
    Counts {
        sent: taken.count() as u64,
        duplicates_sent: observed.customers.repeated,
        shown: observed.agents.shown.len() as u64,
        replies: accepted.count() as u64,
        lost: findings.of(&[B::LostInbound, B::NeverShown, B::LostReply]),
        doubled: findings.of(&[
            B::DoubledInbound,
            B::InventedInbound,
            B::DoubledReply,
            B::RepeatedSend,
        ]),
        over_cap: findings.of(&[B::OverCap]),
        out_of_order: findings.of(&[B::DisorderedInbound, B::DisorderedSend]),
        waiting: findings.of(&[B::LeftWaiting]),
        open: findings.of(&[B::LeftOpen]),
        ..Counts::default()
    }
}

fn judge_conversations(archive: &Archive, findings: &mut Findings) {
    for conversation in &archive.conversations {
        let id = conversation.id;
        match conversation.state {
            ConversationState::Closed => {}
            ConversationState::Bot | ConversationState::Queued => {
                findings.add(Breach::LeftWaiting, || id.to_string());
            }
            ConversationState::Assigned | ConversationState::Pending => {
                findings.add(Breach::LeftOpen, || id.to_string());
            }
        }
        let seqs = conversation.entries.iter().map(|entry| entry.seq);
        if !seqs.eq(1..=conversation.last_seq) {
            let entries = conversation.entries.len();
            let last = conversation.last_seq;
            findings
                .add(Breach::BrokenSequence, || format!("{id}: {entries} entries up to {last}"));
        }
    }
}
