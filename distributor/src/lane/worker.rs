use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use model::desk::{Body, Dead, Envelope, Event, Record, Stamped, Why, wire};
use model::id::LaneId;
use model::limit;
use model::mutant::{Mutant, wrong};
use model::place::Place;
use model::time::{Clock, Timestamp};
use storage::port::{Appending, Bell, Log, LogError, NewRecord, Partition, Topic};
use tokio::sync::watch;

use crate::conversation::Board;
use crate::metric::LaneMeter;
use crate::shard::Appender;

use super::source::Source;
use super::suspect::InputPlace;
use super::time::LaneTime;
use super::{Handled, Input, Lane, Looks, Suspects, Written};

/// What a lane shares with the other lanes of its shard.
#[derive(Clone)]
pub struct Supplies {
    /// The log.
    pub log: Arc<dyn Log>,
    /// The node's clock.
    pub clock: Arc<dyn Clock>,
    /// The shard's one way into `events`.
    pub appender: Arc<Appender>,
    /// The settings in force.
    pub board: Arc<Board>,
    /// The inputs over which lanes of the shard panicked.
    pub suspects: Arc<Suspects>,
}

/// Feeds a [`Lane`] in batches and hands over what it wrote. Every call of [`Self::turn`] takes
/// one batch; between turns it may be dropped at any time, as a crash would.
pub struct Worker {
    lane: Lane,
    supplies: Supplies,
    bell: Arc<Bell>,
    sources: Vec<Source>,
    poison: BTreeSet<InputPlace>,
    time: LaneTime,
    outstanding: VecDeque<Appending>,
    meter: LaneMeter,
}

/// Why a lane cannot go on: its shard ends on this node.
#[derive(Debug, thiserror::Error)]
pub enum LaneError {
    /// An input cannot be read.
    #[error("an input cannot be read")]
    Read(#[source] LogError),
    /// What it wrote cannot be appended, or may not have been.
    #[error("an append failed")]
    Append(#[source] LogError),
    /// The shard is ending: nothing more is appended.
    #[error("the shard is ending")]
    Ended,
}

/// The records of one turn.
#[derive(Default)]
struct Batch {
    inputs: usize,
    records: Vec<Record>,
    dead: Vec<Dead>,
    /// A hand-over is to be told before the next input: the turn ends here.
    handed_over: bool,
}

/// Where a worker begins.
pub(crate) struct Start {
    /// The size of the installation.
    pub(crate) place: Place,
    /// The greatest lane time the lane wrote.
    pub(crate) last: Timestamp,
    /// The bell that wakes it.
    pub(crate) bell: Arc<Bell>,
}

impl Worker {
    /// The longest a lane sleeps without looking whether it is to end.
    const SLEEP: Duration = Duration::from_millis(100);

    /// A worker of `lane`, whose inputs are read from where its state says they were handled.
    pub(crate) fn new(lane: Lane, start: Start, supplies: Supplies) -> Self {
        let Start { place, last, bell } = start;
        let sources = sources(&lane, place, last);
        for source in &sources {
            supplies.log.watch(source.partition(), &bell);
        }
        let (poison, meter) = (supplies.suspects.poison(), LaneMeter::new());
        let (time, outstanding) = (LaneTime::from(last), VecDeque::new());
        Self { lane, supplies, bell, sources, poison, time, outstanding, meter }
    }

    /// The deciding part.
    pub const fn lane(&self) -> &Lane {
        &self.lane
    }

    /// Takes turns until `end` says so, then waits until what it handed over is durable.
    ///
    /// # Errors
    /// When it cannot go on; then the shard must end.
    pub fn run(&mut self, end: &watch::Receiver<bool>) -> Result<(), LaneError> {
        while !*end.borrow() {
            if !self.turn()? {
                self.bell.wait(self.patience());
            }
        }
        while let Some(oldest) = self.outstanding.pop_front() {
            oldest.wait().map_err(LaneError::Append)?;
        }
        Ok(())
    }

    /// One batch: hand-overs, then inputs, commands before messages, then what is due. Whether there was anything
    /// to do.
    ///
    /// # Errors
    /// When it cannot go on; then the shard must end.
    pub fn turn(&mut self) -> Result<bool, LaneError> {
        let topics = [Topic::Settings, Topic::Control, Topic::Commands, Topic::Inbound];
        self.take_turn(&topics, Looks::of_a_turn())
    }

    /// One batch of settings alone: a shard begins with these.
    pub(crate) fn turn_of_settings(&mut self) -> Result<bool, LaneError> {
        self.take_turn(&[Topic::Settings], Looks::none())
    }

    fn take_turn(&mut self, topics: &[Topic], mut looks: Looks) -> Result<bool, LaneError> {
        self.settle()?;
        let now = self.supplies.clock.now();
        let mut batch = Batch::default();
        self.read_ahead()?;
        self.take_hand_overs(&mut batch, now);
        self.refresh()?;
        if topics.contains(&Topic::Inbound) {
            self.take_sweep(&mut batch, now);
        }
        for topic in topics {
            self.take(*topic, &mut batch, now);
        }
        let any = self.fire(&mut batch, &mut looks, now);
        Ok(self.finish(batch)? || any)
    }

    /// How long there is nothing to do unless the bell rings: until something is due, where lane
    /// time goes with the clock. Where inputs hold it up, no deadline comes nearer by waiting.
    fn patience(&self) -> Duration {
        let now = self.supplies.clock.now();
        match self.lane.next_due() {
            Some(due) if self.time.is_close_to(now) => due.since(now).min(Self::SLEEP),
            _ => Self::SLEEP,
        }
    }

    /// Lets happen what is due by lane time; whether there is more of it.
    fn fire(&mut self, batch: &mut Batch, looks: &mut Looks, now: Timestamp) -> bool {
        let at = match wrong(Mutant::WallTime) {
            true => Some(self.time.at(now, std::iter::empty())),
            false => self.time.for_timers(now, self.sources.iter().map(Source::standing)),
        };
        let Some(at) = at.filter(|_| !looks.are_spent() && !batch.handed_over) else {
            return false;
        };
        self.lane.listen(at);
        while let Some(record) = self.lane.fire(at, looks) {
            batch.records.push(record);
        }
        looks.are_spent()
    }

    fn read_ahead(&mut self) -> Result<(), LaneError> {
        let log = &*self.supplies.log;
        let mut sources = self.sources.iter_mut();
        sources.try_for_each(|source| source.fill(log)).map_err(LaneError::Read)
    }

    /// Looks at the settings, once the inputs are read: an entity that was durable before a message
    /// that needs it is never missed.
    fn refresh(&mut self) -> Result<(), LaneError> {
        let end = self.supplies.log.bounds(Partition::SETTINGS).map_err(LaneError::Read)?.end;
        self.lane.refresh(&self.supplies.board, end);
        Ok(())
    }

    fn take_hand_overs(&mut self, batch: &mut Batch, now: Timestamp) {
        while batch.records.len() < limit::LANE_BATCH {
            let at = self.time.at(now, self.sources.iter().map(Source::standing));
            let Some(record) = self.lane.hand_over(at) else { return };
            batch.records.push(record);
        }
    }

    /// One step of a sweep.
    fn take_sweep(&mut self, batch: &mut Batch, now: Timestamp) {
        for _ in 0..self.lane.sweep_step() {
            let at = self.time.at(now, self.sources.iter().map(Source::standing));
            let Some(record) = self.lane.sweep(at) else {
                batch.handed_over = self.lane.is_sweeping();
                return;
            };
            batch.records.push(record);
        }
        if wrong(Mutant::SweepStops) {
            self.lane.stop_sweeping();
        }
    }

    /// Takes inputs of one topic while the batch has room for them. Commands have the first half
    /// of it, of which settings and presences may take half.
    fn take(&mut self, topic: Topic, batch: &mut Batch, now: Timestamp) {
        let most = match topic {
            Topic::Settings | Topic::Control => limit::LANE_BATCH / 4,
            Topic::Commands => limit::LANE_BATCH / 2,
            _ => limit::LANE_BATCH,
        };
        let of_topic = |source: &Source| source.partition().topic == topic;
        let Some(at) = self.sources.iter().position(of_topic) else { return };
        while batch.inputs < most && !batch.handed_over {
            let Some(input) = self.sources.get(at).and_then(Source::peek) else { return };
            let time = self.time.at(now, self.sources.iter().map(Source::standing));
            match self.handle(&input, time) {
                Handled::Held => return,
                Handled::HandedOver => {
                    batch.handed_over = true;
                    return;
                }
                Handled::Skipped => {}
                Handled::Written(written) => batch.add(*written),
            }
            batch.inputs += 1;
            if let Some(source) = self.sources.get_mut(at) {
                source.pass();
            }
        }
    }

    fn handle(&mut self, input: &Input, at: Timestamp) -> Handled {
        if self.poison.contains(&input.place()) {
            return self.lane.refuse_poison(input, at);
        }
        let _in_hand = self.supplies.suspects.take_up(input.place());
        self.lane.handle(input, at)
    }

    /// Hands a batch over, then does what was due after its records.
    fn finish(&mut self, mut batch: Batch) -> Result<bool, LaneError> {
        let any = batch.inputs > 0 || !batch.records.is_empty() || batch.handed_over;
        self.meter.refused(batch.dead.len());
        if wrong(Mutant::ReleaseFirst) {
            self.lane.handed_over();
        }
        let late =
            if wrong(Mutant::DeadAfterRecord) { std::mem::take(&mut batch.dead) } else { vec![] };
        self.bury(batch.dead)?;
        if !batch.records.is_empty() {
            self.meter.assigned(batch.records.iter().flat_map(assignments));
            self.outstanding.push_back(self.supplies.appender.append(batch.records)?);
        }
        self.bury(late)?;
        self.lane.handed_over();
        let (waiting, active) = self.lane.load();
        self.meter.show(waiting, active);
        Ok(any)
    }

    /// Makes records of `dead` durable. The lane waits: what says so may not overtake it.
    fn bury(&self, dead: Vec<Dead>) -> Result<(), LaneError> {
        if dead.is_empty() {
            return Ok(());
        }
        let envelope = Envelope::of_input(self.supplies.clock.now());
        let record = |dead| NewRecord {
            partition: Partition::DEAD,
            bytes: wire::encode(&Stamped { envelope, body: Body::Dead(dead) }),
        };
        let records: Vec<_> = dead.into_iter().map(record).collect();
        self.supplies.appender.append_elsewhere(records)
    }

    /// Looks at what became durable; waits for the oldest batch when too many did not.
    fn settle(&mut self) -> Result<(), LaneError> {
        while let Some(mut oldest) = self.outstanding.pop_front() {
            let answer = match oldest.try_answer() {
                Some(answer) => answer,
                None if self.outstanding.len() + 1 < limit::BATCHES_IN_APPENDER => {
                    self.outstanding.push_front(oldest);
                    return Ok(());
                }
                None => oldest.wait(),
            };
            answer.map_err(LaneError::Append)?;
        }
        Ok(())
    }
}

impl Batch {
    fn add(&mut self, written: Written) {
        self.records.push(written.record);
        self.dead.extend(written.dead);
    }
}

/// A lane's inputs; the first lane also reads its shard's `control` and `settings`.
fn sources(lane: &Lane, place: Place, last: Timestamp) -> Vec<Source> {
    let (home, progress) = (lane.home(), &lane.state().progress);
    let own = place.of_lane(home.shard, home.lane).index();
    let shard = u32::from(home.shard.get());
    let mut inputs = vec![
        (Partition::new(Topic::Commands, own), progress.command()),
        (Partition::new(Topic::Inbound, own), progress.inbound()),
    ];
    if home.lane == LaneId::FIRST {
        inputs.push((Partition::new(Topic::Control, shard), progress.control()));
        inputs.push((Partition::SETTINGS, progress.settings()));
    }
    if wrong(Mutant::ResumedTooFar) {
        inputs.iter_mut().filter(|(_, next)| *next > 0).for_each(|(_, next)| *next += 1);
    }
    if wrong(Mutant::HandledAgain) {
        inputs.iter_mut().for_each(|(_, next)| *next = 0);
    }
    inputs.into_iter().map(|(partition, next)| Source::new(partition, next, last)).collect()
}

fn assignments(record: &Record) -> impl Iterator<Item = Why> {
    record.events.iter().filter_map(|event| match event {
        Event::Assigned(assigned) => Some(assigned.why),
        _ => None,
    })
}
