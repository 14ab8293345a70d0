use std::io::{self, Write};

use serde_json::{Value, json};

use super::run::Outcome;

/// Version of the report's shape.
pub const SCHEMA_VERSION: u32 = 1;

impl Outcome {
    /// Whether nothing was caught.
    pub fn is_sound(&self) -> bool {
        self.violations.total() == 0 && self.checkpoints.audit_differs == 0
    }

    /// Pairs of seat and release a second, all threads together, the driver's own work included.
    pub fn pairs_per_second(&self) -> f64 {
        self.pairs as f64 / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// Time one thread spends inside the structure for one pair.
    pub fn ns_per_pair(&self) -> f64 {
        self.busy.as_nanos() as f64 / self.pairs.max(1) as f64
    }

    /// Latency at a quantile, in ns.
    pub fn quantile_ns(&self, quantile: f64) -> u64 {
        self.latency.value_at_quantile(quantile)
    }

    /// The report for programs.
    pub fn json(&self) -> Value {
        let violations = self.violations.each().map(|(name, count)| (name.to_owned(), count));
        json!({
            "schema_version": SCHEMA_VERSION,
            "policy": self.plan.policy.name(),
            "agents": self.plan.agents,
            "threads": self.plan.threads,
            "operations": self.operations,
            "pairs_per_second": self.pairs_per_second(),
            "ns_per_pair": self.ns_per_pair(),
            "p50_ns": self.quantile_ns(0.5),
            "p99_ns": self.quantile_ns(0.99),
            "p999_ns": self.quantile_ns(0.999),
            "max_ns": self.latency.max(),
            "violations": std::collections::BTreeMap::from(violations),
            "fairness": { "spread": self.fairness.spread, "jain": self.fairness.jain },
        })
    }
}

/// Several reports as one value: the report itself where there is one.
pub fn json(outcomes: &[Outcome]) -> Value {
    match outcomes {
        [one] => one.json(),
        _ => outcomes.iter().map(Outcome::json).collect(),
    }
}

/// The reports for people, one a line, and what was caught.
pub fn table(outcomes: &[Outcome], out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{:<18}{:<15}{:>8}{:>4} {:>11} {:>11} {:>8} {:>7} {:>8} {:>8} {:>10} {:>6} {:>6} {:>6}",
        "structure",
        "policy",
        "agents",
        "thr",
        "operations",
        "pairs/s",
        "ns/pair",
        "p50 ns",
        "p99 ns",
        "p99.9 ns",
        "max ns",
        "caught",
        "spread",
        "jain"
    )?;
    outcomes.iter().try_for_each(|outcome| row(outcome, out))?;
    outcomes.iter().try_for_each(|outcome| caught(outcome, out))?;
    let clock_ns = outcomes.first().map_or(0, |outcome| outcome.clock_ns);
    writeln!(
        out,
        "latencies hold one reading of the clock, {clock_ns} ns; ns/pair does not; pairs/s counts \
         the driver's own work too; spread and jain are of rounds in which nobody is full"
    )
}

/// How a run compares with its twin, both of the same plan: above 1 the run is better.
pub fn ratios(run: &Outcome, twin: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let less = |of: fn(&Outcome) -> f64| of(twin) / of(run).max(f64::MIN_POSITIVE);
    writeln!(
        out,
        "{} {} against the mutex twin, a scan of the group: pairs/s × {:.2}, ns/pair ÷ {:.2}, p50 ÷ {:.2}, p99 ÷ {:.2}, \
         p99.9 ÷ {:.2}, max ÷ {:.2}",
        run.plan.structure,
        run.plan.policy.name(),
        run.pairs_per_second() / twin.pairs_per_second().max(f64::MIN_POSITIVE),
        less(Outcome::ns_per_pair),
        less(|o| o.quantile_ns(0.5) as f64),
        less(|o| o.quantile_ns(0.99) as f64),
        less(|o| o.quantile_ns(0.999) as f64),
        less(|o| o.latency.max() as f64),
    )
}

fn row(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let plan = &outcome.plan;
    writeln!(
        out,
        "{:<18}{:<15}{:>8}{:>4} {:>11} {:>11.0} {:>8.1} {:>7} {:>8} {:>8} {:>10} {:>6} {:>6} {:>6.4}",
        plan.structure.name(),
        plan.policy.name(),
        plan.agents,
        plan.threads,
        outcome.operations,
        outcome.pairs_per_second(),
        outcome.ns_per_pair(),
        outcome.quantile_ns(0.5),
        outcome.quantile_ns(0.99),
        outcome.quantile_ns(0.999),
        outcome.latency.max(),
        outcome.violations.total(),
        outcome.fairness.spread,
        outcome.fairness.jain,
    )
}

fn caught(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let name = format!("{} {}", outcome.plan.structure, outcome.plan.policy.name());
    let kinds = outcome.violations.each().map(|(kind, count)| format!("{kind} {count}"));
    writeln!(
        out,
        "{name}: violations {} ({}), {} checkpoints, seed {}",
        outcome.violations.total(),
        kinds.join(", "),
        outcome.checkpoints.judged,
        outcome.plan.seed
    )?;
    match outcome.checkpoints.audit_differs {
        0 => Ok(()),
        times => writeln!(out, "{name}: the structure's own audit said otherwise {times} times"),
    }
}
