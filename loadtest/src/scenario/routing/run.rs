use std::collections::BTreeMap;
use std::sync::Barrier;
use std::time::Duration;

use distributor::assign::{Restore, RestoredSeat, Slot};
use hdrhistogram::Histogram;
use model::id::{LaneId, UserId};
use model::people::Presence;
use parking_lot::Mutex;

use super::books::{Books, Violations};
use super::checkpoint::{judge, judge_empty};
use super::clock::NanoClock;
use super::driven::{Driven, Hold};
use super::lane::{Lane, Tally, UnderWay, World};
use super::plan::{Plan, PlanError};
use super::turns::{Fairness, ROUNDS_GROUP, Turns, candidates};

/// What a run measured and caught.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was run.
    pub plan: Plan,
    /// Arrivals and ends of conversations.
    pub operations: u64,
    /// Seats that were taken and given back.
    pub pairs: u64,
    /// How long the traffic took; checkpoints do not count.
    pub elapsed: Duration,
    /// Time inside the structure, over all threads, less what the clock itself took.
    pub busy: Duration,
    /// Of each arrival, end and hand-over taken, in ns; one reading of the clock included.
    pub latency: Histogram<u64>,
    /// What one reading of the clock takes, in ns.
    pub clock_ns: u64,
    /// What the books caught.
    pub violations: Violations,
    /// Checkpoints, and how many of them the structure's own audit saw otherwise.
    pub checkpoints: Checkpoints,
    /// How evenly the even rounds fell.
    pub fairness: Fairness,
}

/// Checkpoints of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checkpoints {
    /// How many.
    pub judged: u64,
    /// At how many the structure's own audit said otherwise than the books.
    pub audit_differs: u64,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// What is run.
    pub plan: &'a Plan,
    /// Operations so far.
    pub operations: u64,
    /// How much is done, 0 to 1.
    pub share: f64,
    /// Pairs a second so far.
    pub pairs_per_second: f64,
    /// Violations so far.
    pub violations: u64,
}

/// Why there is no outcome.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The plan cannot be driven.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A lane cannot be set up.
    #[error("the lanes")]
    Lane(#[from] model::id::IdError),
    /// The histogram cannot be set up.
    #[error("the histogram of latencies")]
    Histogram(#[from] hdrhistogram::CreationError),
}

/// Drives the structure of `plan`: fills it to its utilisation, lets traffic run in legs with a
/// checkpoint after each, empties it, and plays the even rounds.
pub fn run(
    plan: &Plan,
    clock: &dyn NanoClock,
    tell: &mut dyn FnMut(&Progress<'_>),
) -> Result<Outcome, RunError> {
    plan.check()?;
    let core = plan.structure.build(plan);
    drive(plan, core.as_ref(), clock, tell)
}

/// As [`run`], with a structure of the caller's that knows nobody yet.
pub fn drive(
    plan: &Plan,
    core: &dyn Driven,
    clock: &dyn NanoClock,
    tell: &mut dyn FnMut(&Progress<'_>),
) -> Result<Outcome, RunError> {
    plan.check()?;
    let books = Books::new(plan);
    let under_way = UnderWay::new(plan.threads);
    let world = World { plan, core, books: &books, under_way: &under_way, clock };
    let mut run = Run::new(world)?;
    run.open();
    run.traffic(tell);
    let spent = run.totals();
    run.violations += judge_empty(&run.world, &mut run.lanes);
    let fairness = run.even_rounds();
    Ok(run.outcome(spent, fairness))
}

struct Run<'a> {
    world: World<'a>,
    lanes: Vec<Lane>,
    elapsed_ns: u64,
    violations: Violations,
    checkpoints: Checkpoints,
    latency: Histogram<u64>,
    spent: Spent,
}

/// What the lanes spent on traffic.
#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    operations: u64,
    pairs: u64,
    busy_ns: u64,
    stretches: u64,
}

impl<'a> Run<'a> {
    /// Even rounds have this part of the traffic's operations, and at least one for each agent.
    const ROUNDS_PART: u64 = 4;
    /// Pairs of the even rounds at most, unless one round takes more.
    const ROUND_PAIRS: u64 = 1_000_000;

    fn new(world: World<'a>) -> Result<Self, RunError> {
        let numbers = 0..world.plan.threads;
        let lane = |n| Ok::<_, RunError>(Lane::new(world.plan, LaneId::new(n)?)?);
        let lanes: Vec<Lane> = numbers.map(lane).collect::<Result<_, _>>()?;
        let latency = Tally::histogram()?;
        Ok(Self {
            world,
            lanes,
            elapsed_ns: 0,
            violations: Violations::default(),
            checkpoints: Checkpoints::default(),
            latency,
            spent: Spent::default(),
        })
    }

    /// Everybody comes in, and as many conversations as the utilisation asks for. What can be
    /// restored is: a house filled one by one takes a scan the square of its agents.
    fn open(&mut self) {
        let plan = self.world.plan;
        match self.world.core.restore(state(plan)) {
            Some(held) => self.adopt(held),
            None => {
                self.world.core.edit(&plan.settings());
                plan.agents().for_each(|agent| self.world.back(agent));
            }
        }
        self.lanes.iter_mut().for_each(|lane| lane.fill(&self.world));
        self.lanes.iter_mut().for_each(|lane| lane.tally.start_over());
    }

    fn adopt(&mut self, held: Vec<(Slot, Hold)>) {
        let mut by_lane: BTreeMap<LaneId, Vec<(u32, Hold)>> = BTreeMap::new();
        for (slot, hold) in held {
            self.violations += self.world.books.take(hold.agent, None, 0);
            by_lane.entry(slot.lane).or_default().push((slot.index, hold));
        }
        for lane in &mut self.lanes {
            lane.adopt(by_lane.remove(&lane.id()).unwrap_or_default().into_iter());
        }
    }

    fn traffic(&mut self, tell: &mut dyn FnMut(&Progress<'_>)) {
        let length = self.world.plan.length;
        let most_ns = u64::try_from(length.time.as_nanos()).unwrap_or(u64::MAX);
        while self.spent.operations < length.operations && self.elapsed_ns < most_ns {
            let left = length.operations - self.spent.operations;
            self.leg(left.min(self.world.plan.checkpoint), most_ns - self.elapsed_ns);
            self.collect();
            let found = judge(&self.world, &mut self.lanes);
            self.violations += found.violations;
            self.checkpoints.judged += 1;
            self.checkpoints.audit_differs += u64::from(found.audit_differs);
            self.lanes.iter_mut().for_each(|lane| lane.tally.start_over());
            tell(&self.progress());
        }
    }

    /// All threads work through their part of `operations`, and stop.
    fn leg(&mut self, operations: u64, most_ns: u64) {
        let world = &self.world;
        let began = world.clock.nanos();
        let until = began.saturating_add(most_ns);
        let threads = self.lanes.len() as u64;
        std::thread::scope(|scope| {
            for (number, lane) in (0_u64..).zip(&mut self.lanes) {
                let part = operations / threads + u64::from(number < operations % threads);
                scope.spawn(move || lane.work(world, part, until));
            }
        });
        self.elapsed_ns += world.clock.nanos().saturating_sub(began);
    }

    /// Adds up what the lanes measured in a leg.
    fn collect(&mut self) {
        for lane in &self.lanes {
            let tally = &lane.tally;
            self.spent.operations += tally.operations;
            self.spent.pairs += tally.pairs;
            self.spent.busy_ns += tally.busy_ns;
            self.spent.stretches += tally.stretches;
            // The histograms have the same bounds: every value fits.
            let _ = self.latency.add(&tally.latency);
        }
    }

    fn progress(&self) -> Progress<'_> {
        let plan = self.world.plan;
        let seconds = Duration::from_nanos(self.elapsed_ns).as_secs_f64();
        let operations = self.spent.operations as f64 / plan.length.operations as f64;
        let time = seconds / plan.length.time.as_secs_f64();
        Progress {
            plan,
            operations: self.spent.operations,
            share: operations.max(time).min(1.0),
            pairs_per_second: self.spent.pairs as f64 / seconds.max(f64::MIN_POSITIVE),
            violations: self.caught().total(),
        }
    }

    fn caught(&self) -> Violations {
        let mut all = self.violations;
        self.lanes.iter().for_each(|lane| all += lane.tally.violations);
        all
    }

    /// Every thread seats and ends conversations of the first group, one at a time. With caps
    /// above the number of threads nobody is ever full, so each agent has his turn in each round.
    fn even_rounds(&mut self) -> Fairness {
        let candidates = candidates(self.world.plan);
        let agents = (candidates.len() as u64).max(1);
        let most = (self.spent.operations / Self::ROUNDS_PART).min(Self::ROUND_PAIRS);
        let pairs = agents * (most / agents).max(1);
        let turns = Mutex::new(Turns::new(self.world.plan, &candidates));
        self.seat_and_end(pairs, &turns);
        let turns = turns.into_inner();
        self.violations.order += turns.missed(self.world.plan);
        turns.fairness()
    }

    fn seat_and_end(&mut self, pairs: u64, turns: &Mutex<Turns>) {
        let (world, threads) = (&self.world, self.lanes.len() as u64);
        let start = &Barrier::new(self.lanes.len());
        std::thread::scope(|scope| {
            for (number, lane) in (0_u64..).zip(&mut self.lanes) {
                let part = pairs / threads + u64::from(number < pairs % threads);
                scope.spawn(move || {
                    start.wait();
                    lane.rounds(world, turns, ROUNDS_GROUP, part);
                });
            }
        });
    }

    fn totals(&self) -> Spent {
        self.spent
    }

    fn outcome(self, spent: Spent, fairness: Fairness) -> Outcome {
        let clock_ns = clock_cost_ns(self.world.clock);
        let busy_ns = spent.busy_ns.saturating_sub(spent.stretches * clock_ns);
        Outcome {
            violations: self.caught(),
            plan: self.world.plan.clone(),
            operations: spent.operations,
            pairs: spent.pairs,
            elapsed: Duration::from_nanos(self.elapsed_ns),
            busy: Duration::from_nanos(busy_ns),
            latency: self.latency,
            clock_ns,
            checkpoints: self.checkpoints,
            fairness,
        }
    }
}

/// Everybody there, and the seats that the utilisation asks for, spread over all agents.
fn state(plan: &Plan) -> Restore {
    let lanes = u64::from(plan.threads);
    let seats = (plan.conversations() * lanes).min(plan.seats());
    let lane = |n: u64| LaneId::new(u8::try_from(n % lanes).unwrap_or(0)).unwrap_or_default();
    let seat = |n: u64| RestoredSeat {
        slot: Slot { lane: lane(n), index: u32::try_from(n / lanes).unwrap_or(u32::MAX) },
        agent: UserId(u32::try_from(1 + n % u64::from(plan.agents)).unwrap_or(1)),
        charge: 1,
    };
    Restore {
        settings: plan.settings(),
        presence: plan.agents().map(|agent| (agent, Presence::Available)).collect(),
        seated: (0..seats).map(seat).collect(),
        ..Restore::default()
    }
}

/// What one reading of the clock takes: the mean of many.
fn clock_cost_ns(clock: &dyn NanoClock) -> u64 {
    const READINGS: u64 = 10_000;
    let began = clock.nanos();
    let last = (1..READINGS).map(|_| clock.nanos()).last().unwrap_or(began);
    last.saturating_sub(began) / READINGS
}
