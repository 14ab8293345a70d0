use std::io::{self, Write};

use hdrhistogram::Histogram;

use super::{Percentiles, Report};

/// Width of the names.
const NAMES: usize = 34;

impl Report {
    /// Writes the report for people.
    pub fn table(&self, out: &mut dyn Write) -> io::Result<()> {
        self.counts(out)?;
        self.misbehaviour(out)?;
        self.latency(out)?;
        self.verdict(out)
    }

    fn counts(&self, out: &mut dyn Write) -> io::Result<()> {
        let counts = &self.audit.counts;
        let rows = [
            ("sent", counts.sent),
            ("duplicates sent", counts.duplicates_sent),
            ("logged", counts.logged),
            ("assigned", counts.assigned),
            ("shown to an agent", counts.shown),
            ("answered", counts.answered),
            ("messages to customers", counts.outbound),
            ("delivered", counts.delivered),
            ("failed", counts.failed),
            ("lost", counts.lost),
            ("doubled", counts.doubled),
            ("over cap", counts.over_cap),
            ("out of order", counts.out_of_order),
            ("waiting at the end", counts.waiting + counts.open),
            ("pending at the end", counts.pending),
        ];
        heading(out, "audit")?;
        rows.iter().try_for_each(|(name, count)| row(out, name, *count))
    }

    fn misbehaviour(&self, out: &mut dyn Write) -> io::Result<()> {
        let customers = &self.observed.customers;
        let provider = &self.observed.provider;
        let webhooks = customers.webhooks;
        let sends = provider.sends.len() as u64 + provider.throttled + provider.failed;
        let refused = provider.throttled + provider.failed;
        heading(out, "misbehaved on purpose")?;
        part(out, "webhooks sent twice", customers.repeated_webhooks, webhooks)?;
        part(out, "webhooks with two contacts", customers.batched, webhooks)?;
        part(out, "sends answered 429 or 5xx", refused, sends)?;
        part(out, "receipts out of order", provider.receipts_reordered, provider.receipts)?;
        if self.observed.crashes > 0 {
            row(out, "times killed", self.observed.crashes)?;
            row(out, "sends repeated after it", self.audit.counts.resent)?;
        }
        if self.observed.drains > 0 {
            row(out, "times stopped in good order", self.observed.drains)?;
        }
        heading(out, "tried again")?;
        row(out, "webhooks", customers.retries)?;
        row(out, "receipts", provider.receipt_retries)?;
        row(out, "desk requests", self.observed.agents.retries)?;
        row(out, "sockets opened again", self.observed.agents.reconnects)
    }

    fn latency(&self, out: &mut dyn Write) -> io::Result<()> {
        let heads = format!("{:>9} {:>9} {:>9} {:>9}", "p50 ms", "p99 ms", "p99.9 ms", "max ms");
        writeln!(out, "\n{:<NAMES$}{heads}", "from the planned send time")?;
        percentiles(out, "webhook to agent's socket", &self.observed.agents.shown_us)?;
        percentiles(out, "webhook to 2xx", &self.observed.customers.taken_us)?;
        percentiles(out, "sender's own lateness", &self.observed.customers.lateness_us)
    }

    fn verdict(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out)?;
        for (breach, times) in &self.audit.breaches {
            writeln!(
                out,
                "{} broken, {times} times: {}",
                breach.contract().name(),
                breach.words()
            )?;
            let examples = self.audit.findings.iter().filter(|f| f.breach == *breach);
            let mut shown = 0;
            for finding in examples {
                writeln!(out, "    {}", finding.example)?;
                shown += 1;
            }
            if shown > 0 && *times > shown {
                writeln!(out, "    and {} more", times - shown)?;
            }
        }
        for shortfall in &self.shortfalls {
            writeln!(out, "short: {shortfall}")?;
        }
        let took = self.observed.took.as_secs_f64();
        let word = if self.passed() { "passed" } else { "failed" };
        writeln!(out, "{word} in {took:.1} s (seed {})", self.observed.seed)
    }
}

fn heading(out: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(out, "\n{text}")
}

fn row(out: &mut dyn Write, name: &str, count: u64) -> io::Result<()> {
    writeln!(out, "  {name:<width$}{count:>9}", width = NAMES - 2)
}

fn part(out: &mut dyn Write, name: &str, count: u64, whole: u64) -> io::Result<()> {
    let percent = count as f64 * 100.0 / whole.max(1) as f64;
    writeln!(out, "  {name:<width$}{count:>9} {percent:>8.2}%", width = NAMES - 2)
}

fn percentiles(out: &mut dyn Write, name: &str, of: &Histogram<u64>) -> io::Result<()> {
    let ms = |us: u64| us as f64 / 1_000.0;
    let Percentiles { p50_us, p99_us, p999_us, max_us, .. } = Percentiles::of(of);
    write!(out, "  {name:<width$}", width = NAMES - 2)?;
    let [p50, p99, p999, max] = [p50_us, p99_us, p999_us, max_us].map(ms);
    writeln!(out, "{p50:>9.2} {p99:>9.2} {p999:>9.2} {max:>9.2}")
}
