//! Shards on one log with one clock, their owners' turns, and what ends an owner.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use distributor::lane::{LaneError, Suspects};
use distributor::shard::{ShardPlan, Tenure, TenureError};
use distributor::{AssignKind, Config};
use model::id::{GroupId, UserId};
use model::mutant::{self, Mutant};
use model::time::{Clock, Timestamp};
use parking_lot::Mutex;
use storage::engine::memory::MemoryLog;
use storage::port::{Log, Logged, Partition, Topic};

use crate::chance::Chance;
use crate::check::books::Books;
use crate::clock::{LogClock, SimClock};
use crate::faulty::{Between, Crash, FaultyLog};
use crate::house::House;
use crate::ledger::{Ledger, Said};
use crate::tally::Tally;

/// Agents whom the log shows at their caps, with their groups.
type Full = Arc<Mutex<Vec<(UserId, Vec<GroupId>)>>>;

/// An owner in office, or one that does not know that it is none any more.
pub(crate) struct Owner {
    pub(crate) tenure: Tenure,
    full: Full,
}

/// A shard on this node.
pub(crate) struct Shard {
    pub(crate) plan: ShardPlan,
    pub(crate) books: Books,
    pub(crate) owner: Option<Owner>,
    pub(crate) zombie: Option<Owner>,
    suspects: Arc<Suspects>,
}

/// One seed's installation.
pub(crate) struct World {
    pub(crate) house: House,
    pub(crate) chance: Chance,
    pub(crate) clock: Arc<SimClock>,
    pub(crate) log: Arc<FaultyLog>,
    pub(crate) shards: Vec<Shard>,
    pub(crate) ledger: Ledger,
    pub(crate) tally: Tally,
    /// The look at the clock, counted from 0, at which the next turn crashes.
    /// The lane that goes on in the middle of the next turn, if it is told.
    pub(crate) meeting: Option<usize>,
    pub(crate) trap: Option<u32>,
    wrong: Option<Mutant>,
    attempts: u128,
    dead_read: u64,
}

impl World {
    pub(crate) fn new(seed: u64, wrong: Option<Mutant>) -> Self {
        let mut chance = Chance::new(seed);
        let house = House::of(seed, &mut chance);
        let clock = Arc::new(SimClock::at(Timestamp::from_seconds(1_800_000_000)));
        let log = Arc::new(FaultyLog::new(MemoryLog::new(
            house.place,
            Arc::new(LogClock(clock.clone())),
        )));
        let reference = chance.once_in(4);
        let assign = if reference { AssignKind::Reference } else { AssignKind::Lockfree };
        let mut tally = Tally::default();
        tally.count("core", if reference { "reference" } else { "lock-free" });
        let shards = house.shards().map(|shard| Shard {
            plan: ShardPlan {
                log: log.clone(),
                clock: clock.clone(),
                place: house.place,
                shard,
                seed,
                config: Config { assign },
                sizes: house.sizes,
            },
            books: Books::new(shard),
            owner: None,
            zombie: None,
            suspects: Arc::default(),
        });
        let (shards, ledger) = (shards.collect(), Ledger::new(house.place.lanes()));
        let mut world = Self {
            house,
            chance,
            clock,
            log,
            shards,
            ledger,
            tally,
            meeting: None,
            trap: None,
            wrong,
            attempts: 0,
            dead_read: 0,
        };
        for entity in house.entities(&mut world.chance) {
            world.say(Partition::SETTINGS, Said::Entity(entity));
        }
        world
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn say(&mut self, partition: Partition, said: Said) {
        self.ledger.say(&self.log, self.clock.now(), (partition, said));
    }

    /// Judges everything that the log has new.
    pub(crate) fn check(&mut self) {
        self.read_dead();
        for shard in &mut self.shards {
            shard.books.read(&self.log, &self.ledger, &mut self.tally);
        }
        for fault in self.log.happened() {
            self.tally.count("fault", fault);
        }
    }

    fn read_dead(&mut self) {
        let mut read = Vec::new();
        self.log.read(Partition::DEAD, self.dead_read, usize::MAX, &mut read).unwrap();
        for Logged { offset, bytes, .. } in read {
            self.dead_read = offset + 1;
            let model::desk::Body::Dead(dead) = model::desk::wire::decode(&bytes).unwrap().body
            else {
                panic!("C6: not a record of dead at {offset}");
            };
            self.shards.iter_mut().for_each(|shard| {
                shard.books.dead.insert(dead.origin.clone());
            });
        }
    }

    /// Claims a shard that nobody owns; it may fail, as the log may.
    pub(crate) fn begin(&mut self, at: usize) {
        self.attempts += 1;
        let attempt = self.attempts;
        let (plan, suspects) = (self.shards[at].plan.clone(), self.shards[at].suspects.clone());
        let begun = self.guarded(move || Tenure::begin_after(&plan, attempt, suspects));
        self.check();
        match begun {
            Some(Ok(tenure)) => self.install(at, tenure, attempt),
            Some(Err(TenureError::Undecodable { source, .. })) => panic!("C6: {source}"),
            Some(Err(_)) | None => self.lose_owner(at, None),
        }
    }

    /// C4: whoever begins owns by his own claim.
    pub(crate) fn install(&mut self, at: usize, tenure: Tenure, attempt: u128) {
        let shard = &mut self.shards[at];
        let claim = (shard.books.epoch, shard.books.attempt);
        assert_eq!(claim, (tenure.epoch, attempt), "C4: an owner without a claim in force");
        let full = Full::default();
        let (core, seen) = (tenure.core.clone(), full.clone());
        let moments = shard.books.hours.moments.clone();
        let (log, place, of) = (Arc::downgrade(&self.log), self.house.place, shard.books.shard);
        let witness = move |records: &[storage::port::NewRecord]| {
            let end = |lane| {
                let inbound = Partition::new(Topic::Inbound, place.of_lane(of, lane).index());
                log.upgrade().map(|log| (lane, log.bounds(inbound).unwrap().end))
            };
            moments.lock().hand_over(records, &place.each_lane().filter_map(end).collect());
            for (agent, groups) in &*seen.lock() {
                for group in groups {
                    let ranking = core.explain_arrival(*group).unwrap_or_default().ranking.order;
                    let free = ranking.iter().any(|ranked| ranked.agent == *agent);
                    assert!(!free, "C5: {agent} has a free seat that the log does not show");
                }
            }
        };
        let owner = (shard.books.events, tenure.epoch);
        self.log.witness(owner, Box::new(witness));
        shard.owner = Some(Owner { tenure, full });
        self.check_lanes(at);
    }

    /// One turn of one lane of a shard; whether there was anything to do.
    pub(crate) fn turn(&mut self, at: usize, lane: usize) -> bool {
        if self.shards[at].owner.is_none() {
            self.begin(at);
            return true;
        }
        self.show_full(at);
        let Some(mut owner) = self.shards[at].owner.take() else { return true };
        self.make_room(at, owner.tenure.epoch);
        let lane = lane % owner.tenure.workers.len();
        let (turned, others_ended) = self.turn_with_another((at, &mut owner), lane);
        match turned {
            _ if others_ended => {
                self.lose_owner(at, Some(owner));
                true
            }
            Some(Ok(any)) => {
                self.shards[at].owner = Some(owner);
                self.check();
                self.check_lanes(at);
                any
            }
            Some(Err(_)) => {
                // The others have a turn before they are told.
                if owner.tenure.workers.len() > 1 && self.chance.once_in(2) {
                    owner.full.lock().clear();
                    let other = (lane + 1) % owner.tenure.workers.len();
                    drop(self.guarded(|| owner.tenure.workers[other].turn()));
                }
                self.lose_owner(at, Some(owner));
                true
            }
            None => {
                self.lose_owner(at, Some(owner));
                true
            }
        }
    }

    /// One turn of a lane, within which another may have one: `None` when either crashed, and
    /// whether the other ended.
    fn turn_with_another(
        &mut self,
        (of, owner): (usize, &mut Owner),
        lane: usize,
    ) -> (Option<Result<bool, LaneError>>, bool) {
        let lanes = owner.tenure.workers.len();
        let met = self.meeting.take().filter(|other| *other != lane && *other < lanes);
        if lanes == 1 || met.is_none() && !self.chance.once_in(3) {
            return (self.guarded(|| owner.tenure.workers[lane].turn()), false);
        }
        owner.full.lock().clear();
        let chosen = (lane + 1 + self.chance.below(lanes - 1)) % lanes;
        let point = *self.chance.pick(&[Between::Settings, Between::Dead]);
        let (other, point) = met.map_or((chosen, point), |met| (met, Between::Settings));
        let worker = owner.tenure.workers.remove(other);
        let aside = Arc::new(Mutex::new((Some(worker), Ok(false))));
        let (meanwhile, moments) = (aside.clone(), self.shards[of].books.hours.moments.clone());
        let nested = moments.clone();
        let go_on = move || {
            nested.lock().is_nested = true;
            let Some(mut worker) = meanwhile.lock().0.take() else { return };
            let turned = worker.turn();
            *meanwhile.lock() = (Some(worker), turned);
        };
        self.log.interleave(Some((point, Box::new(go_on))));
        let at = lane - usize::from(other < lane);
        let turned = self.guarded(|| owner.tenure.workers[at].turn());
        self.log.interleave(None);
        moments.lock().is_nested = false;
        let (worker, of_other) = std::mem::replace(&mut *aside.lock(), (None, Ok(false)));
        let others_ended = of_other.is_err() || worker.is_none();
        let turned = turned.map(|turned| turned.map(|any| any || matches!(of_other, Ok(true))));
        if let Some(worker) = worker {
            owner.tenure.workers.insert(other, worker);
        }
        (turned, others_ended)
    }

    /// One turn of somebody who is the owner no more; he stops when he sees it.
    pub(crate) fn turn_of_zombie(&mut self, at: usize, lane: usize) {
        let Some(mut zombie) = self.shards[at].zombie.take() else { return };
        self.make_room(at, zombie.tenure.epoch);
        let lane = lane % zombie.tenure.workers.len();
        zombie.full.lock().clear();
        let looks = self.chance.once_in(3);
        let before = self.log.bounds(self.shards[at].books.events).unwrap().end;
        let goes_on = self.guarded(|| {
            let turned = zombie.tenure.workers[lane].turn().is_ok();
            turned && !(looks && zombie.tenure.watch.look().unwrap().is_some())
        });
        if self.log.bounds(self.shards[at].books.events).unwrap().end > before {
            self.tally.count("fault", "zombie-wrote");
        }
        if goes_on == Some(true) {
            self.shards[at].zombie = Some(zombie);
        } else {
            self.bury(at, zombie);
        }
        self.check();
    }

    /// The owner looks at its own events; it ends if it must.
    pub(crate) fn look(&mut self, at: usize) {
        let Some(mut owner) = self.shards[at].owner.take() else { return };
        match self.guarded(|| owner.tenure.watch.look().unwrap()) {
            Some(None) => {
                let books = &self.shards[at].books;
                let claimed = books.epoch != owner.tenure.epoch;
                assert!(!books.gap && !claimed, "C4: an owner does not see that it is none");
                self.shards[at].owner = Some(owner);
            }
            _ => self.lose_owner(at, Some(owner)),
        }
    }

    /// The owner is gone, whatever it was doing. What it had under way arrives, or some of it.
    pub(crate) fn lose_owner(&mut self, at: usize, owner: Option<Owner>) {
        let owner = owner.or_else(|| self.shards[at].owner.take());
        if let Some(owner) = owner {
            self.bury(at, owner);
        }
        self.check();
    }

    fn bury(&mut self, at: usize, owner: Owner) {
        let of = (self.shards[at].books.events, owner.tenure.epoch);
        drop(owner);
        let some = self.chance.below(4);
        self.log.land(of, some);
        // The rest is lost now, or arrives after the next claim.
        if self.chance.once_in(2) {
            self.log.lose(of);
        }
    }

    /// A process that ends forgets over what it panicked.
    pub(crate) fn forget_suspects(&mut self) {
        self.shards.iter_mut().for_each(|shard| shard.suspects = Arc::default());
    }

    /// The attempt of a rival's claim.
    pub(crate) fn next_attempt(&mut self) -> u128 {
        self.attempts += 1;
        self.attempts
    }

    /// A lane waits for answers once it has too many batches under way: nobody would answer.
    fn make_room(&mut self, at: usize, epoch: u32) {
        let owner = (self.shards[at].books.events, epoch);
        if self.log.under_way(owner) > 4 {
            self.log.land(owner, usize::MAX);
            self.check();
        }
    }

    fn show_full(&mut self, at: usize) {
        let shard = &self.shards[at];
        let Some(owner) = &shard.owner else { return };
        let mut full = owner.full.lock();
        full.clear();
        if self.is_ahead(at, owner.tenure.epoch) {
            return;
        }
        let users = shard.books.settings.users.values();
        let at_cap = users.filter(|user| shard.books.load(user.id) >= usize::from(user.cap.get()));
        full.extend(at_cap.map(|user| {
            (user.id, user.groups.iter().map(|membership| membership.group).collect())
        }));
    }

    /// Whether an owner may have handed over what the log does not show, or not yet.
    fn is_ahead(&self, at: usize, epoch: u32) -> bool {
        let books = &self.shards[at].books;
        let is_lossy = self.log.is_lossy((books.events, epoch));
        self.log.is_busy(books.events) || is_lossy || books.gap || books.epoch != epoch
    }

    /// C8: with nothing under way, what each lane knows is what folding the log gives.
    fn check_lanes(&mut self, at: usize) {
        let shard = &self.shards[at];
        let Some(owner) = &shard.owner else { return };
        let books = &shard.books;
        if self.is_ahead(at, owner.tenure.epoch) {
            return;
        }
        let empty = model::fold::Lane::default();
        for worker in &owner.tenure.workers {
            let lane = worker.lane();
            let folded = books.fold.lanes.get(&lane.id()).unwrap_or(&empty);
            assert!(lane.state() == folded, "C8: lane {} is not its log", lane.id().get());
        }
    }

    /// Runs the code under test, wrong at one point if it is to be; `None` when it crashed as told.
    pub(crate) fn guarded<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let wrong = self.wrong;
        self.clock.arm(self.trap);
        let done = catch_unwind(AssertUnwindSafe(|| mutant::during(wrong, work)));
        self.clock.arm(None);
        match done {
            Ok(done) => Some(done),
            Err(panic) if panic.is::<Crash>() => None,
            Err(panic) => resume_unwind(panic),
        }
    }
}
