//! How often everything occurred: what is too rare was not tried.

use std::collections::BTreeMap;

/// Counts by name.
#[derive(Clone, Default)]
pub(crate) struct Tally(BTreeMap<String, u64>);

impl Tally {
    /// The least a run over [`crate::SEEDS`] seeds must have seen of each of [`NAMES`].
    pub(crate) const LEAST: u64 = 100;

    pub(crate) fn count(&mut self, kind: &str, what: impl AsRef<str>) {
        *self.0.entry(format!("{kind} {}", what.as_ref())).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (name, times) in &other.0 {
            *self.0.entry(name.clone()).or_default() += times;
        }
    }

    pub(crate) fn of(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// What occurred less often than it must.
    pub(crate) fn rare(&self) -> Vec<(&'static str, u64)> {
        let seen = NAMES.iter().map(|name| (*name, self.of(name)));
        seen.filter(|(_, times)| *times < Self::LEAST).collect()
    }

    pub(crate) fn print(&self) {
        for (name, times) in &self.0 {
            println!("{times:>12}  {name}");
        }
    }
}

/// What must occur.
const NAMES: &[&str] = &[
    "event opened",
    "event received",
    "event sent",
    "event queued",
    "event assigned",
    "event closed",
    "event moved",
    "event pended",
    "event answered",
    "event receipt",
    "event ignored",
    "event presence",
    "event settings",
    "event duplicate",
    "event rejected",
    "event refused",
    "event renewed",
    "event moved",
    "event pended",
    "event warned",
    "closed by agent",
    "closed by supervisor",
    "closed by flow",
    "closed by queue-full",
    "closed by group-closed",
    "moved by transfer",
    "moved by reassign",
    "moved by redirect",
    "moved from queued",
    "moved from assigned",
    "moved from pending",
    "moved from own-line",
    "pended from assigned",
    "pended from own-line",
    "own line entered",
    "own line served",
    "sweep group-closed",
    "closed by customer-silent",
    "closed by both-silent",
    "closed by absence",
    "timer lease",
    "timer pending",
    "timer warning",
    "timer silence",
    "sweep absence",
    "rejection conversation-not-found",
    "rejection conversation-closed",
    "rejection not-responsible",
    "rejection window-closed",
    "rejection unsendable-content",
    "rejection not-allowed",
    "rejection transfer-not-allowed",
    "rejection note-required",
    "rejection queue-full",
    "rejection agent-full",
    "rejection not-available",
    "rejection already-pending",
    "rejection not-pending",
    "refusal undecodable",
    "refusal dangling",
    "refusal poison",
    "policy circular",
    "policy random",
    "policy agent-priority",
    "policy least-time",
    "policy least-count",
    "policy freed-seat",
    "policy transferred",
    "policy reassigned",
    "policy came-back",
    "core lock-free",
    "core reference",
    "command repeated without effect",
    "command repeated after its window",
    "message repeated",
    "message repeated after its window",
    "input held for want of room",
    "verdict void",
    "verdict repeat",
    "verdict gap",
    "fault full",
    "fault lost",
    "fault lost-late",
    "fault torn",
    "fault unknown",
    "fault slow",
    "fault twice",
    "fault crash-before-append",
    "fault crash-after-append",
    "fault dead-lost",
    "fault dead-unknown",
    "fault claim-lost",
    "fault claim-unknown",
    "fault rival",
    "fault interleaved-at-settings",
    "fault interleaved-at-dead",
    "fault crash",
    "fault crash-of-all",
    "fault lane-panic",
    "fault poison",
    "fault zombie",
    "fault zombie-wrote",
    "fault clock-back",
    "fault clock-leap",
    "fault clock-leap-while-held",
    "fault outage",
    "fault outage-of-a-day",
    "fault oversized-setting",
    "fault void-setting",
    "happening all-leave",
    "happening gateway-vanished",
    "happening flapping",
    "happening rules",
    "happening group-off",
    "happening rules",
    "happening meeting",
    "happening cap-lowered",
    "happening late-channel",
];
