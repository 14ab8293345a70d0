//! A log that is late, loses, tears, repeats and crashes: all that its port allows, and what a
//! producer's retries may do.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::Arc;

use model::desk::{Body, Envelope, wire};
use parking_lot::Mutex;
use storage::engine::memory::MemoryLog;
use storage::port::{
    AppendAnswer, Appending, Bell, Log, LogError, Logged, NewRecord, Offset, Partition, Topic,
};

/// What happens to one append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is refused as full, this many times.
    Full(u8),
    /// Nothing is written, and it says so at once.
    Lost,
    /// Nothing is written, and it says so late.
    LostLate,
    /// A part is written, late; the answer says that the outcome is unknown.
    Torn,
    /// It is written at once; the late answer says that the outcome is unknown.
    Unknown,
    /// It and what comes after it is written and answered late.
    Slow,
    /// It is written twice.
    Twice,
    /// The process ends before it is written.
    CrashBefore,
    /// The process ends once it is written.
    CrashAfter,
}

impl Fault {
    pub(crate) const OF_EVENTS: [Self; 9] = [
        Self::Full(1),
        Self::Lost,
        Self::LostLate,
        Self::Torn,
        Self::Unknown,
        Self::Slow,
        Self::Twice,
        Self::CrashBefore,
        Self::CrashAfter,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Full(_) => "full",
            Self::Lost => "lost",
            Self::LostLate => "lost-late",
            Self::Torn => "torn",
            Self::Unknown => "unknown",
            Self::Slow => "slow",
            Self::Twice => "twice",
            Self::CrashBefore => "crash-before-append",
            Self::CrashAfter => "crash-after-append",
        }
    }
}

impl Between {
    const fn name(self) -> &'static str {
        match self {
            Self::Settings => "at-settings",
            Self::Dead => "at-dead",
        }
    }
}

/// What a crash in the middle of a turn unwinds with.
pub(crate) struct Crash;

/// Called before a claim is written, while nobody owns the shard.
pub(crate) type Rival = Box<dyn FnOnce() + Send>;

/// Where another lane may go on while one is in the middle of its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Between {
    /// It has read its inputs and looks at the settings.
    Settings,
    /// It has decided a batch and waits for `dead`.
    Dead,
}

/// Called with what is about to be appended to `events`.
pub(crate) type Witness = Box<dyn Fn(&[NewRecord]) + Send>;

/// An append under way.
struct Late {
    left: Vec<NewRecord>,
    fails: bool,
    answer: AppendAnswer,
}

#[derive(Default)]
struct State {
    /// The fault of the next append of a topic, by partition.
    armed: BTreeMap<Partition, Fault>,
    claims: BTreeMap<Partition, Fault>,
    rivals: BTreeMap<Partition, Rival>,
    between: Option<(Between, Rival)>,
    witnesses: BTreeMap<(Partition, u32), Witness>,
    /// By partition and epoch, what is under way, oldest first.
    late: BTreeMap<(Partition, u32), VecDeque<Late>>,
    lossy: BTreeSet<(Partition, u32)>,
    happened: Vec<String>,
}

pub(crate) struct FaultyLog {
    inner: MemoryLog,
    state: Mutex<State>,
}

impl FaultyLog {
    pub(crate) fn new(inner: MemoryLog) -> Self {
        Self { inner, state: Mutex::default() }
    }

    pub(crate) fn arm(&self, partition: Partition, fault: Fault) {
        self.state.lock().armed.insert(partition, fault);
    }

    pub(crate) fn arm_claim(&self, partition: Partition, fault: Fault) {
        self.state.lock().claims.insert(partition, fault);
    }

    pub(crate) fn arm_rival(&self, partition: Partition, rival: Rival) {
        self.state.lock().rivals.insert(partition, rival);
    }

    /// What goes on when the next turn comes to a point; `None` takes it back.
    pub(crate) fn interleave(&self, between: Option<(Between, Rival)>) {
        self.state.lock().between = between;
    }

    fn pass(&self, point: Between) {
        let due = self.state.lock().between.take_if(|(at, _)| *at == point);
        if let Some((at, go_on)) = due {
            self.state.lock().happened.push(format!("interleaved-{}", at.name()));
            go_on();
        }
    }

    /// Who looks at the appends of the owner of an epoch.
    pub(crate) fn witness(&self, owner: (Partition, u32), witness: Witness) {
        self.state.lock().witnesses.insert(owner, witness);
    }

    /// No fault is to come any more.
    pub(crate) fn mend(&self) {
        let mut state = self.state.lock();
        state.armed.clear();
        state.claims.clear();
        state.rivals.clear();
    }

    /// What happened since the last time it was asked.
    pub(crate) fn happened(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().happened)
    }

    /// Whether an append of this epoch was lost: only then a gap is lawful.
    pub(crate) fn is_lossy(&self, owner: (Partition, u32)) -> bool {
        self.state.lock().lossy.contains(&owner)
    }

    /// Appends of an owner that are not answered yet.
    pub(crate) fn under_way(&self, owner: (Partition, u32)) -> usize {
        self.state.lock().late.get(&owner).map_or(0, VecDeque::len)
    }

    /// Whether anything is under way to a partition.
    pub(crate) fn is_busy(&self, partition: Partition) -> bool {
        let state = self.state.lock();
        state.late.iter().any(|((of, _), late)| *of == partition && !late.is_empty())
    }

    /// The `most` oldest appends under way arrive.
    pub(crate) fn land(&self, owner: (Partition, u32), most: usize) {
        for _ in 0..most {
            let next = self.state.lock().late.get_mut(&owner).and_then(VecDeque::pop_front);
            let Some(Late { left, fails, answer }) = next else { return };
            let written = self.inner.append(left).wait();
            drop(answer.send(if fails { Err(failed()) } else { written }));
        }
    }

    /// Everything under way arrives, whoever sent it.
    pub(crate) fn land_all(&self) {
        let owners: Vec<_> = self.state.lock().late.keys().copied().collect();
        owners.into_iter().for_each(|owner| self.land(owner, usize::MAX));
    }

    /// The sender is gone: what is under way arrives no more.
    pub(crate) fn lose(&self, owner: (Partition, u32)) {
        let mut state = self.state.lock();
        if state.late.remove(&owner).is_some() {
            state.lossy.insert(owner);
        }
    }

    fn next_fault(&self, partition: Partition, is_claim: bool) -> Option<Fault> {
        let mut state = self.state.lock();
        let State { armed, claims, happened, .. } = &mut *state;
        let faults = if is_claim { claims } else { armed };
        let fault = faults.remove(&partition)?;
        if let Fault::Full(times @ 2..) = fault {
            faults.insert(partition, Fault::Full(times - 1));
        }
        let of = match (partition.topic, is_claim) {
            (_, true) => "claim-",
            (Topic::Dead, _) => "dead-",
            _ => "",
        };
        happened.push(format!("{of}{}", fault.name()));
        Some(fault)
    }

    fn append_faulty(
        &self,
        owner: (Partition, u32),
        fault: Fault,
        mut left: Vec<NewRecord>,
    ) -> Appending {
        let is_late = self.under_way(owner) > 0;
        match fault {
            Fault::Full(_) => Appending::answered(Err(LogError::Full { what: "a simulation" })),
            Fault::Lost => {
                self.state.lock().lossy.insert(owner);
                Appending::answered(Err(failed()))
            }
            Fault::CrashBefore => resume_unwind(Box::new(Crash)),
            Fault::CrashAfter => {
                self.land(owner, usize::MAX);
                drop(self.inner.append(left).wait());
                resume_unwind(Box::new(Crash))
            }
            Fault::Twice => {
                self.land(owner, usize::MAX);
                drop(self.inner.append(left.clone()).wait());
                self.inner.append(left)
            }
            Fault::LostLate => {
                self.state.lock().lossy.insert(owner);
                self.delay(owner, Vec::new(), true)
            }
            Fault::Torn => {
                self.state.lock().lossy.insert(owner);
                left.truncate(left.len() / 2);
                self.delay(owner, left, true)
            }
            Fault::Unknown if is_late => self.delay(owner, left, true),
            Fault::Unknown => {
                drop(self.inner.append(left).wait());
                self.delay(owner, Vec::new(), true)
            }
            Fault::Slow => self.delay(owner, left, false),
        }
    }

    /// A claim, or a record of another topic: its sender waits for the answer.
    fn append_awaited(&self, fault: Option<Fault>, records: Vec<NewRecord>) -> Appending {
        match fault {
            None => self.inner.append(records),
            Some(Fault::Unknown) => {
                drop(self.inner.append(records).wait());
                Appending::answered(Err(failed()))
            }
            Some(_) => Appending::answered(Err(failed())),
        }
    }

    fn delay(&self, owner: (Partition, u32), left: Vec<NewRecord>, fails: bool) -> Appending {
        let (answer, appending) = Appending::new();
        self.state.lock().late.entry(owner).or_default().push_back(Late { left, fails, answer });
        appending
    }

    fn look(&self, owner: (Partition, u32), records: &[NewRecord]) {
        let witness = self.state.lock().witnesses.remove(&owner);
        if let Some(witness) = witness {
            witness(records);
            self.state.lock().witnesses.insert(owner, witness);
        }
    }

    fn claim(&self, partition: Partition, records: Vec<NewRecord>) -> Appending {
        let rival = self.state.lock().rivals.remove(&partition);
        if let Some(rival) = rival {
            self.state.lock().happened.push("rival".to_owned());
            rival();
        }
        let fault = self.next_fault(partition, true);
        self.append_awaited(fault, records)
    }
}

impl Log for FaultyLog {
    fn append(&self, records: Vec<NewRecord>) -> Appending {
        let Some(partition) = records.first().map(|record| record.partition) else {
            return self.inner.append(records);
        };
        match partition.topic {
            Topic::Events => {}
            Topic::Dead => {
                self.pass(Between::Dead);
                let fault = self.next_fault(partition, false);
                return self.append_awaited(fault, records);
            }
            _ => return self.inner.append(records),
        }
        let (envelope, is_claim) = outside(&records[0]);
        if is_claim {
            return self.claim(partition, records);
        }
        let owner = (partition, envelope.epoch);
        self.look(owner, &records);
        match self.next_fault(partition, false) {
            Some(fault) => self.append_faulty(owner, fault, records),
            None if self.under_way(owner) > 0 => self.delay(owner, records, false),
            None => self.inner.append(records),
        }
    }

    fn read(
        &self,
        partition: Partition,
        from: Offset,
        max_bytes: usize,
        out: &mut Vec<Logged>,
    ) -> Result<(), LogError> {
        self.inner.read(partition, from, max_bytes, out)
    }

    fn bounds(&self, partition: Partition) -> Result<Range<Offset>, LogError> {
        if partition == Partition::SETTINGS {
            self.pass(Between::Settings);
        }
        self.inner.bounds(partition)
    }

    fn watch(&self, partition: Partition, bell: &Arc<Bell>) {
        self.inner.watch(partition, bell);
    }

    fn health(&self) -> Result<(), LogError> {
        Ok(())
    }
}

/// The envelope of a record of `events`, and whether it is a claim.
fn outside(record: &NewRecord) -> (Envelope, bool) {
    let stamped = wire::decode(&record.bytes).unwrap();
    (stamped.envelope, matches!(stamped.body, Body::Claimed(_)))
}

fn failed() -> LogError {
    LogError::Failed { source: Arc::new(std::io::Error::other("a simulation")) }
}
