//! What a run says at its end: a table for people, JSON for machines, and whether it passed.

mod table;

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;
use serde_json::{Value, json};

use crate::auditor::{Audit, Counts};
use crate::scenario::Observations;

/// Version of the JSON form; raised when a field changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 1;

/// What a run must reach, besides breaking no promise.
#[derive(Clone, Copy, Debug)]
pub struct Goals {
    /// The part of rate × duration that must have been sent.
    pub sent_share: f64,
    /// The part of the sent messages that must have been answered.
    pub answered_share: f64,
    /// The sender's own lateness at the 99th percentile; a later sender makes the run void.
    pub lateness: Duration,
}

impl Default for Goals {
    fn default() -> Self {
        let lateness = Duration::from_millis(250);
        Self { sent_share: 0.95, answered_share: 0.3, lateness }
    }
}

/// A run, judged.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was seen.
    pub observed: Observations,
    /// What the audit found.
    pub audit: Audit,
    /// Goals the run did not reach, in words.
    pub shortfalls: Vec<String>,
}

/// Percentiles of a latency, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    /// How many were measured.
    pub count: u64,
    /// Median.
    pub p50_us: u64,
    /// 99 of 100 are below.
    pub p99_us: u64,
    /// 999 of 1000 are below.
    pub p999_us: u64,
    /// The longest.
    pub max_us: u64,
}

impl Percentiles {
    /// Of a histogram of microseconds.
    pub fn of(histogram: &Histogram<u64>) -> Self {
        Self {
            count: histogram.len(),
            p50_us: histogram.value_at_quantile(0.5),
            p99_us: histogram.value_at_quantile(0.99),
            p999_us: histogram.value_at_quantile(0.999),
            max_us: histogram.max(),
        }
    }
}

impl Report {
    /// Judges a run by the audit and by its goals.
    pub fn new(observed: Observations, audit: Audit, goals: &Goals) -> Self {
        let shortfalls = shortfalls(&observed, &audit.counts, goals);
        Self { observed, audit, shortfalls }
    }

    /// Whether no promise was broken and every goal reached.
    pub fn passed(&self) -> bool {
        self.audit.breaches.is_empty() && self.shortfalls.is_empty()
    }

    /// The report for machines.
    pub fn json(&self) -> Value {
        let Observations { customers, agents, provider, .. } = &self.observed;
        let breaches = self.audit.breaches.iter().map(|(breach, times)| {
            let contract = breach.contract().name();
            json!({"contract": contract, "what": breach.words(), "times": times})
        });
        json!({
            "schema": SCHEMA_VERSION,
            "passed": self.passed(),
            "plan": {
                "rate": self.observed.rate,
                "duration_s": self.observed.duration.as_secs_f64(),
                "seed": self.observed.seed,
            },
            "took_s": self.observed.took.as_secs_f64(),
            "settled": self.observed.settled,
            "crashes": self.observed.crashes,
            "drains": self.observed.drains,
            "counts": counts(&self.audit.counts),
            "misbehaviour": {
                "webhooks": customers.webhooks,
                "webhooks_sent_twice": customers.repeated_webhooks,
                "webhooks_batched": customers.batched,
                "sends_throttled": provider.throttled,
                "sends_failed": provider.failed,
                "receipts": provider.receipts,
                "receipts_out_of_order": provider.receipts_reordered,
            },
            "latency": {
                "webhook_to_socket": Percentiles::of(&agents.shown_us),
                "webhook_to_2xx": Percentiles::of(&customers.taken_us),
                "sender_lateness": Percentiles::of(&customers.lateness_us),
            },
            "retries": {
                "webhooks": customers.retries,
                "desk": agents.retries,
                "receipts": provider.receipt_retries,
                "sockets": agents.reconnects,
            },
            "answers": customers.answers,
            "refusals": agents.refusals,
            "breaches": breaches.collect::<Vec<_>>(),
            "shortfalls": self.shortfalls,
            "examples": self.audit.findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    }
}

fn counts(counts: &Counts) -> Value {
    json!({
        "sent": counts.sent,
        "duplicates_sent": counts.duplicates_sent,
        "logged": counts.logged,
        "assigned": counts.assigned,
        "shown": counts.shown,
        "answered": counts.answered,
        "replies": counts.replies,
        "outbound": counts.outbound,
        "delivered": counts.delivered,
        "failed": counts.failed,
        "pending": counts.pending,
        "lost": counts.lost,
        "doubled": counts.doubled,
        "over_cap": counts.over_cap,
        "out_of_order": counts.out_of_order,
        "waiting": counts.waiting,
        "open": counts.open,
        "resent": counts.resent,
    })
}

fn shortfalls(observed: &Observations, counts: &Counts, goals: &Goals) -> Vec<String> {
    let mut short = Vec::new();
    let planned = observed.rate * observed.duration.as_secs_f64();
    if (counts.sent as f64) < goals.sent_share * planned {
        short.push(format!("sent {} of {planned:.0} planned", counts.sent));
    }
    if (counts.answered as f64) < goals.answered_share * counts.sent as f64 {
        short.push(format!("answered {} of {} sent", counts.answered, counts.sent));
    }
    let late = Duration::from_micros(observed.customers.lateness_us.value_at_quantile(0.99));
    if late > goals.lateness {
        short.push(format!("void: the sender itself was {late:?} late at p99"));
    }
    if !observed.settled {
        short.push("it did not come to rest in time".to_owned());
    }
    if observed.provider.forgotten > 0 {
        let forgotten = observed.provider.forgotten;
        short.push(format!("void: the simulator forgot {forgotten} sends"));
    }
    if observed.provider.receipts_dropped > 0 {
        let dropped = observed.provider.receipts_dropped;
        short.push(format!("{dropped} receipts were never taken"));
    }
    if observed.agents.bad_frames > 0 {
        let bad = observed.agents.bad_frames;
        short.push(format!("{bad} frames missing or not as described"));
    }
    short
}
