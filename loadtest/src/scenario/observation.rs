use std::fmt;
use std::time::Duration;

use crate::agent::AgentRecord;
use crate::customer::CustomerRecord;
use crate::provider::whatsapp::ProviderRecord;

/// What everybody but the product saw of a run.
#[derive(Clone, Debug, Default)]
pub struct Observations {
    /// Customer messages a second, as planned.
    pub rate: f64,
    /// How long messages were planned.
    pub duration: Duration,
    /// How long the run took with everything.
    pub took: Duration,
    /// What all choices followed from.
    pub seed: u64,
    /// Tells this run's messages from others'.
    pub run: u64,
    /// Times the product was killed during the run: what it was sending then it may send again.
    pub crashes: u64,
    /// Times the product was stopped in good order and started again: nothing may be sent again.
    pub drains: u64,
    /// Whether everything came to rest in time.
    pub settled: bool,
    /// What customers sent and were answered.
    pub customers: CustomerRecord,
    /// What agents saw and did.
    pub agents: AgentRecord,
    /// What reached the provider.
    pub provider: ProviderRecord,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Since the load began.
    pub elapsed: Duration,
    /// Messages planned so far.
    pub planned: u64,
    /// Messages answered 2xx.
    pub taken: u64,
    /// Messages sent once more on purpose.
    pub repeated: u64,
    /// Webhooks on their way right now.
    pub in_flight: u64,
    /// Tries again, of customers.
    pub retries: u64,
    /// Messages shown to agents.
    pub shown: u64,
    /// Replies accepted by the desk.
    pub replies: u64,
    /// Messages accepted by the provider.
    pub sends: u64,
    /// Receipts not yet taken by the product.
    pub receipts_due: u64,
    /// Conversations held by agents.
    pub held: u64,
    /// Agents connected and available.
    pub available: u64,
    /// 99th percentile of planned send time to agent's socket.
    pub shown_p99: Duration,
    /// Whether the load has ended and things come to rest.
    pub settling: bool,
}

impl Progress {
    /// Names over the columns of the line form.
    pub const HEADING: &'static str =
        "   time  planned    taken    shown  replies    sends  held  flight  p99 ms";
}

/// One line, aligned below [`Progress::HEADING`].
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:6.1}s {:>8} {:>8} {:>8} {:>8} {:>8} {:>5} {:>7} {:>7.1}{}",
            self.elapsed.as_secs_f64(),
            self.planned,
            self.taken,
            self.shown,
            self.replies,
            self.sends,
            self.held,
            self.in_flight,
            self.shown_p99.as_secs_f64() * 1_000.0,
            if self.settling { "  coming to rest" } else { "" },
        )
    }
}
