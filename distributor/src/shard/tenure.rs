use std::collections::BTreeMap;
use std::sync::Arc;

use model::desk::wire::DecodeError;
use model::desk::{Body, Settings, wire};
use model::fold;
use model::id::LaneId;
use model::limit;
use model::mutant::{Mutant, wrong};
use model::service::ConversationState;
use storage::port::{Bell, Log, LogError, Offset, Partition, Topic};

use crate::assign::{Assign, LockFree, MutexAssign, Restore, RestoredSeat, RestoredWait};
use crate::config::AssignKind;
use crate::conversation::{Board, Book, Context, Home, InForce, Seats};
use crate::lane::{Lane, LaneError, Start, Supplies, Suspects, Worker};
use crate::timer::Leases;

use super::claim::Folded;
use super::{Appender, EventWatch, ShardPlan};

/// One owner's time in office: from its valid claim to its end.
pub struct Tenure {
    /// The epoch its claim began.
    pub epoch: u32,
    /// Its lanes, in order. They run on threads of their own, or are given turns one by one.
    pub workers: Vec<Worker>,
    /// The routing core the lanes share.
    pub core: Arc<dyn Assign>,
    /// Its look at its own `events`.
    pub watch: EventWatch,
    pub(crate) appender: Arc<Appender>,
    pub(crate) bells: Vec<Arc<Bell>>,
    suspects: Arc<Suspects>,
}

/// Why a tenure did not begin, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum TenureError {
    /// The log failed.
    #[error("the log failed")]
    Log(#[source] LogError),
    /// A record of the shard cannot be read: a person must look.
    #[error("the record at {partition}@{offset} cannot be read")]
    Undecodable {
        /// The partition.
        partition: Partition,
        /// Its place.
        offset: Offset,
        /// What was wrong.
        #[source]
        source: DecodeError,
    },
    /// Somebody else's claim came first.
    #[error("epoch {epoch} is somebody else's")]
    Lost {
        /// The epoch that was claimed.
        epoch: u32,
    },
    /// An append was lost: what was written after it is void.
    #[error("a record is missing among the shard's own events")]
    Gap,
    /// A lane could not go on.
    #[error("lane {lane} ended")]
    Lane {
        /// Which lane.
        lane: u8,
        /// Why.
        #[source]
        source: LaneError,
    },
    /// A thread panicked.
    #[error("a thread of the shard panicked: {message}")]
    Panic {
        /// What it said.
        message: String,
    },
    /// A thread could not be started.
    #[error("a thread could not be started")]
    Thread(#[source] std::io::Error),
}

impl Tenure {
    /// Claims the shard under `attempt`, rebuilds lanes and core from its log, and brings every
    /// setting into force that stands in the topic now.
    ///
    /// # Errors
    /// When the claim is lost, or the log cannot be read or written.
    pub fn begin(plan: &ShardPlan, attempt: u128) -> Result<Self, TenureError> {
        Self::begin_after(plan, attempt, Arc::default())
    }

    /// The same after owners of this process that panicked over the inputs in `suspects`.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub fn begin_after(
        plan: &ShardPlan,
        attempt: u128,
        suspects: Arc<Suspects>,
    ) -> Result<Self, TenureError> {
        let events = Partition::new(Topic::Events, u32::from(plan.shard.get()));
        let mut folded = Folded::new(plan.log.clone(), events);
        let epoch = folded.claim(attempt, plan.clock.now())?;
        let bells: Vec<_> = plan.place.each_lane().map(|_| Bell::new()).collect();
        let core = core(plan, &bells);
        let appender = Appender::new(plan.log.clone(), plan.clock.clone(), plan.shard, epoch);
        let appender = Arc::new(appender);
        let watch = EventWatch::new(plan.log.clone(), events, folded.next, epoch);
        let board =
            Board::new(settings_of(&*plan.log, &folded)?, &folded.shard.roll, bells.clone());
        let workers = Vec::new();
        let mut tenure = Self { epoch, workers, core, watch, appender, bells, suspects };
        tenure.seat_lanes(plan, folded, &board);
        tenure.catch_up_with_settings()?;
        Ok(tenure)
    }

    /// Gives each lane its folded state, its slots numbered anew, and the tickets of its seats.
    fn seat_lanes(&mut self, plan: &ShardPlan, mut folded: Folded, board: &Arc<Board>) {
        let settings = board.in_force();
        let mut restore = Restore {
            settings: settings.settings.clone(),
            presence: folded.shard.roll.presence.clone(),
            scores: std::mem::take(&mut folded.shard.scores),
            cursors: std::mem::take(&mut folded.shard.cursors),
            ..Restore::default()
        };
        if wrong(Mutant::PresenceForgotten) {
            restore.presence.clear();
        }
        let mut seats: BTreeMap<LaneId, Seats> = BTreeMap::new();
        for lane in plan.place.each_lane() {
            let state = folded.shard.lanes.entry(lane).or_default();
            let empty = Seats::new(lane, plan.sizes.slots.min(limit::OPEN_CONVERSATIONS));
            seats.insert(lane, slots(empty, state, &mut restore));
        }
        if wrong(Mutant::SeatsForgotten) {
            restore.seated.clear();
        }
        for (slot, ticket) in self.core.restore(restore) {
            let lane = seats.get_mut(&slot.lane);
            if let Some((lane, conversation)) = lane.and_then(|l| l.at(slot).map(|c| (l, c))) {
                lane.hold(conversation, ticket);
            }
        }
        for (lane, seats) in seats {
            let worker = self.worker(plan, (lane, seats), &mut folded, board);
            self.workers.extend(worker);
        }
    }

    fn worker(
        &self,
        plan: &ShardPlan,
        (lane, seats): (LaneId, Seats),
        folded: &mut Folded,
        board: &Arc<Board>,
    ) -> Option<Worker> {
        let mut clocks = folded.clocks.remove(&lane).unwrap_or_default();
        clocks.forget();
        let cx = Context {
            home: Home { shard: plan.shard, lane },
            state: folded.shard.lanes.remove(&lane).unwrap_or_default(),
            settings: board.in_force(),
            core: self.core.clone(),
            seats,
            stamp: clocks.stamp,
            after: Vec::new(),
        };
        let roll = &folded.shard.roll;
        let leases = || Leases::of(roll.clone(), board.clone());
        let first = (lane == LaneId::FIRST).then(|| (Book::of(board.clone()), leases()));
        let supplies = Supplies {
            log: plan.log.clone(),
            clock: plan.clock.clone(),
            appender: self.appender_of_lane(plan),
            board: board.clone(),
            suspects: self.suspects.clone(),
        };
        let bell = self.bells.get(usize::from(lane.get()))?.clone();
        let start = Start { place: plan.place, last: clocks.last, bell };
        Some(Worker::new(Lane::new(cx, first), start, supplies))
    }

    /// The one appender of all lanes.
    fn appender_of_lane(&self, plan: &ShardPlan) -> Arc<Appender> {
        if wrong(Mutant::AppenderPerLane) {
            let (log, clock) = (plan.log.clone(), plan.clock.clone());
            return Arc::new(Appender::new(log, clock, plan.shard, self.epoch));
        }
        self.appender.clone()
    }

    /// No other input is taken before the settings that were there at the start are in force.
    fn catch_up_with_settings(&mut self) -> Result<(), TenureError> {
        let Some(first) = self.workers.first_mut() else { return Ok(()) };
        let failed = |source| TenureError::Lane { lane: LaneId::FIRST.get(), source };
        while first.turn_of_settings().map_err(failed)? {}
        Ok(())
    }
}

fn core(plan: &ShardPlan, bells: &[Arc<Bell>]) -> Arc<dyn Assign> {
    match plan.config.assign {
        AssignKind::Lockfree => Arc::new(LockFree::new(bells.to_vec(), plan.seed, plan.sizes)),
        AssignKind::Reference => Arc::new(MutexAssign::new(bells.to_vec(), plan.seed)),
    }
}

/// A slot for every open conversation of a lane; who holds a seat and who waits goes to `restore`.
fn slots(mut seats: Seats, state: &fold::Lane, restore: &mut Restore) -> Seats {
    let mut open: Vec<_> = state.conversations.values().collect();
    open.sort_unstable_by_key(|conversation| conversation.id);
    for conversation in open {
        let slot = seats.take(conversation.id);
        assert!(slot.is_some(), "C6: conversation {} is open without a slot", conversation.id);
        let Some(slot) = slot else { continue };
        match (conversation.state, conversation.agent, conversation.group) {
            (ConversationState::Assigned, Some(agent), _) => {
                let charge = conversation.charge;
                restore.seated.push(RestoredSeat { slot, agent, charge });
            }
            (ConversationState::Queued, Some(_), _) if wrong(Mutant::OwnLineForgotten) => {}
            (ConversationState::Queued, agent, Some(group)) => {
                let key = conversation.queue_key;
                restore.waiting.push(RestoredWait { slot, group, key, agent });
            }
            _ => {}
        }
    }
    seats
}

/// The settings that the shard's owners brought into force: those before the first not handled,
/// less those refused.
fn settings_of(log: &dyn Log, folded: &Folded) -> Result<InForce, TenureError> {
    let next = folded.shard.lanes.get(&LaneId::FIRST).map_or(0, |l| l.progress.settings());
    let mut in_force = InForce { settings: Settings::default(), next: 0 };
    let mut read = Vec::new();
    while in_force.next < next {
        log.read(Partition::SETTINGS, in_force.next, limit::LANE_READ_BYTES, &mut read)
            .map_err(TenureError::Log)?;
        if read.is_empty() {
            break;
        }
        for logged in read.drain(..).take_while(|logged| logged.offset < next) {
            in_force.next = logged.offset + 1;
            let refused = folded.refused_settings.contains(&logged.offset);
            if refused && !wrong(Mutant::RefusedSettings) {
                continue;
            }
            if let Ok(Body::Entity(entity)) = wire::decode(&logged.bytes).map(|s| s.body) {
                drop(in_force.settings.apply(entity));
            }
        }
    }
    Ok(in_force)
}
