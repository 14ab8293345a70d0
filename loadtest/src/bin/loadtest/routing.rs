//! `loadtest core`: drives the routing core in process, and reports what it did.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use loadtest::routing::{
    Length, Monotonic, Outcome, Plan, PlanError, Progress, RunError, Shape, StructureKind, json,
    ratios, run, table,
};
use model::people::{Cap, Policy};
use model::unit::Period;

/// What to drive, and how hard.
#[derive(clap::Args)]
pub(crate) struct RoutingArgs {
    /// What stands behind the seam: lockfree, reference, count-then-assign, naive-cursor.
    #[arg(long, default_value_t = StructureKind::LockFree)]
    structure: StructureKind,
    /// circular, random, agent-priority, least-time, least-count, or all of them in turn.
    #[arg(long, default_value = "circular", value_parser = policies)]
    policy: Policies,
    /// Agents, all available at the start.
    #[arg(long, default_value_t = 1_000)]
    agents: u32,
    /// Groups, each with the policy.
    #[arg(long, default_value_t = 1)]
    groups: u32,
    /// Groups of each agent.
    #[arg(long, default_value_t = 1)]
    groups_per_agent: u32,
    /// Cap of each agent.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=i64::from(model::limit::CAP)))]
    cap: u8,
    /// Threads, each a lane with conversations of its own.
    #[arg(long, default_value_t = 4)]
    threads: u8,
    /// Open conversations by seats, in percent; above 100 there is always a queue.
    #[arg(long, default_value_t = 95)]
    utilisation: u32,
    /// Pauses, logouts, edits of caps, ranks, memberships and policies, seats by name, moves: one of
    /// these after every so many operations of a thread.
    #[arg(
        long,
        value_name = "OPERATIONS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "1000"
    )]
    churn: Option<u64>,
    /// How conversations come: steady, bursts, chance.
    #[arg(long, default_value_t = Shape::Steady)]
    arrivals: Shape,
    /// Arrivals and ends of conversations, over all threads: 1000000, unless --for is given.
    #[arg(long)]
    operations: Option<u64>,
    /// Longest time in traffic; checkpoints do not count.
    #[arg(long = "for", value_name = "PERIOD")]
    duration: Option<Period>,
    /// Operations between two checkpoints, at which all threads stop.
    #[arg(long, default_value_t = 100_000)]
    checkpoint: u64,
    /// What all choices follow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Also runs the mutex twin on the same plan, for as long at most, and prints the ratios.
    #[arg(long, value_enum)]
    twin: Option<Twin>,
    /// Also writes the report as JSON: one object, or an array where several policies run.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Policies to run, one after the other.
#[derive(Clone, Debug)]
struct Policies(Vec<Policy>);

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Twin {
    /// The reference under a parking_lot mutex.
    Mutex,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("{} cannot be written", path.display())]
    Json { path: PathBuf, source: io::Error },
    #[error("output failed")]
    Io(#[from] io::Error),
}

impl CommandError {
    /// As in sysexits: 64 usage, 73 cannot create, 70 and 74 the rest.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Run(RunError::Plan(_)) => 64,
            Self::Run(_) => 70,
            Self::Json { .. } => 73,
            Self::Io(_) => 74,
        }
    }
}

/// Runs it all; whether nothing was caught.
pub(crate) fn command(args: &RoutingArgs) -> Result<bool, CommandError> {
    let plans: Vec<Plan> = args.policy.0.iter().map(|policy| args.plan(*policy)).collect();
    plans.iter().try_for_each(Plan::check).map_err(RunError::from)?;
    let clock = Monotonic::start();
    let mut meter = Meter::default();
    let (mut outcomes, mut twins) = (Vec::new(), Vec::new());
    for plan in &plans {
        let outcome = run(plan, &clock, &mut |progress| meter.show(progress))?;
        if args.twin.is_some() {
            let twin = twin_of(&outcome);
            twins.push(run(&twin, &clock, &mut |progress| meter.show(progress))?);
        }
        outcomes.push(outcome);
    }
    meter.clear();
    let mut out = io::stdout().lock();
    let all: Vec<Outcome> = outcomes.iter().chain(&twins).cloned().collect();
    table(&all, &mut out)?;
    for (outcome, twin) in outcomes.iter().zip(&twins) {
        ratios(outcome, twin, &mut out)?;
    }
    if let Some(path) = &args.json {
        let write = std::fs::write(path, format!("{:#}\n", json(&outcomes)));
        write.map_err(|source| CommandError::Json { path: path.clone(), source })?;
    }
    Ok(outcomes.iter().all(Outcome::is_sound))
}

/// The reference on the same plan. It is given no more time than the run took, or a few seconds:
/// its cost grows with the agents.
fn twin_of(outcome: &Outcome) -> Plan {
    const LEAST: Duration = Duration::from_secs(5);
    let length = Length { time: outcome.elapsed.max(LEAST), ..outcome.plan.length };
    Plan { structure: StructureKind::Reference, length, ..outcome.plan.clone() }
}

impl RoutingArgs {
    const OPERATIONS: u64 = 1_000_000;

    fn plan(&self, policy: Policy) -> Plan {
        let default = if self.duration.is_some() { u64::MAX } else { Self::OPERATIONS };
        Plan {
            structure: self.structure,
            policy,
            agents: self.agents,
            groups: self.groups,
            groups_per_agent: self.groups_per_agent,
            cap: Cap::new(u32::from(self.cap)).unwrap_or_default(),
            threads: self.threads,
            utilisation: self.utilisation,
            churn: self.churn,
            shape: self.arrivals,
            length: Length {
                operations: self.operations.unwrap_or(default),
                time: self.duration.map_or(Duration::MAX, |period| period.0),
            },
            checkpoint: self.checkpoint,
            seed: self.seed,
        }
    }
}

fn policies(text: &str) -> Result<Policies, String> {
    if text == "all" {
        return Ok(Policies(Policy::ALL.to_vec()));
    }
    let one = Policy::ALL.into_iter().find(|policy| policy.name() == text);
    one.map(|policy| Policies(vec![policy])).ok_or_else(|| {
        let names = Policy::ALL.map(Policy::name).join(", ");
        format!("it is one of {names}, all")
    })
}

/// The progress on stderr: a bar on a terminal, elsewhere a line for each tenth.
#[derive(Debug, Default)]
struct Meter {
    tenth: u32,
    drawn: bool,
}

impl Meter {
    const WIDTH: usize = 30;

    fn show(&mut self, progress: &Progress<'_>) {
        let mut err = io::stderr().lock();
        let text = format!(
            "{} {}: {:>3.0} %, {} operations, {:.0} pairs/s, {} caught",
            progress.plan.structure,
            progress.plan.policy.name(),
            progress.share * 100.0,
            progress.operations,
            progress.pairs_per_second,
            progress.violations
        );
        // A closed terminal does not end the run.
        if err.is_terminal() {
            let done = (progress.share * Self::WIDTH as f64) as usize;
            let bar = "#".repeat(done) + &"-".repeat(Self::WIDTH - done.min(Self::WIDTH));
            drop(write!(err, "\r\x1b[2K[{bar}] {text}"));
            self.drawn = true;
        } else if self.is_next_tenth(progress.share) {
            drop(writeln!(err, "{text}"));
        }
    }

    fn is_next_tenth(&mut self, share: f64) -> bool {
        let tenth = (share * 10.0) as u32;
        tenth != std::mem::replace(&mut self.tenth, tenth)
    }

    fn clear(&self) {
        if self.drawn {
            drop(write!(io::stderr(), "\r\x1b[2K"));
        }
    }
}

impl From<PlanError> for CommandError {
    fn from(error: PlanError) -> Self {
        Self::Run(error.into())
    }
}
