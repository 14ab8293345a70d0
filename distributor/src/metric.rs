//! Every metric of this crate: one table of names, and the handles that count.

use metrics::{Counter, Gauge, Unit};
use model::desk::Why;
use model::people::Policy;

use crate::assign::Findings;

/// A metric as it is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Whether it only grows.
    pub kind: Kind,
    /// The name of its label, if it has one; its values are a closed set.
    pub label: Option<&'static str>,
    /// What it counts, for people.
    pub help: &'static str,
}

/// The kinds of metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// Assignments, by what chose the agent.
pub const ASSIGNMENTS: Metric = Metric {
    name: "chasqui_assignments_total",
    kind: Kind::Counter,
    label: Some("policy"),
    help: "conversations assigned, by the policy that chose the agent, or what else did: freed-seat, \
           restored, owner, started, reassigned, transferred, came-back",
};
/// Conversations waiting in a queue.
pub const WAITING: Metric = Metric {
    name: "chasqui_waiting_conversations",
    kind: Kind::Gauge,
    label: None,
    help: "open conversations that hold no seat",
};
/// Conversations that hold a seat.
pub const ACTIVE: Metric = Metric {
    name: "chasqui_active_conversations",
    kind: Kind::Gauge,
    label: None,
    help: "open conversations that hold a seat",
};
/// Inputs that went to `dead`.
pub const REFUSED: Metric = Metric {
    name: "chasqui_inputs_refused_total",
    kind: Kind::Counter,
    label: None,
    help: "inputs of a lane that could not be handled and went to dead",
};
/// Restarts of shards.
pub const RESTARTS: Metric = Metric {
    name: "chasqui_shard_restarts_total",
    kind: Kind::Counter,
    label: None,
    help: "times a shard of this node ended and was to be claimed again",
};
/// Broken invariants.
pub const VIOLATIONS: Metric = Metric {
    name: "chasqui_invariant_violations_total",
    kind: Kind::Counter,
    label: Some("id"),
    help: "panics of a shard's threads, by the contract they name, or none",
};

/// What the patrols of the routing cores found.
pub const FINDINGS: Metric = Metric {
    name: "chasqui_patrol_findings_total",
    kind: Kind::Counter,
    label: Some("found"),
    help: "seats above a cap, conversations that wait beside a free agent, and eligible agents \
           whom no search finds, as the once-a-second check of each routing core confirmed them",
};
/// How much the patrols looked at.
pub const PLACES: Metric = Metric {
    name: "chasqui_patrol_places_total",
    kind: Kind::Counter,
    label: None,
    help: "members of groups and agents' lines that the check of the routing cores looked at",
};

/// Every metric of this crate.
pub const TABLE: [Metric; 8] =
    [ASSIGNMENTS, WAITING, ACTIVE, REFUSED, RESTARTS, VIOLATIONS, FINDINGS, PLACES];

/// The contracts a panic may name.
pub const CONTRACTS: [&str; 11] =
    ["C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "C10", "C11"];

/// Tells the exporter what each metric is.
pub fn describe() {
    for metric in TABLE {
        match metric.kind {
            Kind::Counter => metrics::describe_counter!(metric.name, Unit::Count, metric.help),
            Kind::Gauge => metrics::describe_gauge!(metric.name, Unit::Count, metric.help),
        }
    }
}

/// What chose an agent, where it was no policy: by its name in the label.
const BESIDE: [&str; 7] =
    ["freed-seat", "restored", "owner", "started", "reassigned", "transferred", "came-back"];

/// A lane's handles. What its gauges show of it is taken back when it ends.
pub(crate) struct LaneMeter {
    policies: [Counter; Policy::ALL.len()],
    beside: [Counter; BESIDE.len()],
    refused: Counter,
    waiting: Share,
    active: Share,
}

impl LaneMeter {
    pub(crate) fn new() -> Self {
        Self {
            policies: Policy::ALL.map(|policy| assignments(policy.name())),
            beside: BESIDE.map(assignments),
            refused: metrics::counter!(REFUSED.name),
            waiting: Share::of(WAITING),
            active: Share::of(ACTIVE),
        }
    }

    /// Counts a batch's assignments.
    pub(crate) fn assigned(&self, whys: impl Iterator<Item = Why>) {
        let (mut policies, mut beside) = ([0; Policy::ALL.len()], [0; BESIDE.len()]);
        for why in whys {
            let counted = match chooser(why) {
                Ok(policy) => {
                    let at = Policy::ALL.iter().position(|p| *p == policy);
                    at.and_then(|at| policies.get_mut(at))
                }
                Err(name) => {
                    let at = BESIDE.iter().position(|b| *b == name);
                    at.and_then(|at| beside.get_mut(at))
                }
            };
            counted.into_iter().for_each(|n| *n += 1);
        }
        self.policies.iter().zip(policies).for_each(|(counter, n)| counter.increment(n));
        self.beside.iter().zip(beside).for_each(|(counter, n)| counter.increment(n));
    }

    /// Counts inputs that went to `dead`.
    pub(crate) fn refused(&self, inputs: usize) {
        self.refused.increment(inputs as u64);
    }

    /// Shows how many conversations of the lane wait, and how many hold a seat.
    pub(crate) fn show(&mut self, waiting: usize, active: usize) {
        self.waiting.show(waiting);
        self.active.show(active);
    }
}

/// What one lane adds to a gauge that all lanes share.
struct Share {
    gauge: Gauge,
    shown: usize,
}

impl Share {
    fn of(metric: Metric) -> Self {
        Self { gauge: metrics::gauge!(metric.name), shown: 0 }
    }

    fn show(&mut self, now: usize) {
        if now >= self.shown {
            self.gauge.increment((now - self.shown) as f64);
        } else {
            self.gauge.decrement((self.shown - now) as f64);
        }
        self.shown = now;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.show(0);
    }
}

/// The handles of a patrol.
pub(crate) struct PatrolMeter {
    over_cap: Counter,
    idle_while_waiting: Counter,
    hidden_agents: Counter,
    places: Counter,
}

impl PatrolMeter {
    pub(crate) fn new() -> Self {
        let findings = |found: &'static str| metrics::counter!(FINDINGS.name, "found" => found);
        Self {
            over_cap: findings("over-cap"),
            idle_while_waiting: findings("idle-while-waiting"),
            hidden_agents: findings("hidden-agent"),
            places: metrics::counter!(PLACES.name),
        }
    }

    /// Counts what one look found.
    pub(crate) fn found(&self, findings: &Findings) {
        self.over_cap.increment(u64::from(findings.over_cap));
        self.idle_while_waiting.increment(u64::from(findings.idle_while_waiting));
        self.hidden_agents.increment(u64::from(findings.hidden_agents));
        self.places.increment(u64::from(findings.places));
    }
}

/// Counts a restart of a shard.
pub(crate) fn count_restart() {
    metrics::counter!(RESTARTS.name).increment(1);
}

/// Counts a panic under the contract its message begins with.
pub(crate) fn count_panic(message: &str) {
    metrics::counter!(VIOLATIONS.name, "id" => contract_of(message)).increment(1);
}

fn contract_of(message: &str) -> &'static str {
    let named = message.split(':').next().unwrap_or_default();
    CONTRACTS.into_iter().find(|contract| *contract == named).unwrap_or("none")
}

/// The policy that chose an agent, or one of [`BESIDE`].
const fn chooser(why: Why) -> Result<Policy, &'static str> {
    match why {
        Why::Policy { policy, .. } => Ok(policy),
        Why::FreedSeat => Err("freed-seat"),
        Why::Restored => Err("restored"),
        Why::Owner => Err("owner"),
        Why::Started => Err("started"),
        Why::Reassigned => Err("reassigned"),
        Why::Transferred => Err("transferred"),
        Why::CameBack => Err("came-back"),
    }
}

fn assignments(policy: &'static str) -> Counter {
    metrics::counter!(ASSIGNMENTS.name, "policy" => policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_ours_and_says_its_kind() {
        for metric in TABLE {
            assert!(metric.name.starts_with("chasqui_"), "{}", metric.name);
            assert_eq!(metric.name.ends_with("_total"), metric.kind == Kind::Counter);
        }
    }

    #[test]
    fn a_panic_is_counted_under_the_contract_it_names() {
        assert_eq!(contract_of("C9: a seat was freed twice"), "C9");
        assert_eq!(contract_of("C11: sent twice"), "C11");
        assert_eq!(contract_of("C99: no such contract"), "none");
        assert_eq!(contract_of("index out of bounds"), "none");
    }
}
