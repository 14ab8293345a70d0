//! What a log may hold after the power was cut.

use std::collections::BTreeMap;

use storage::port::{Log, LogError, Logged, NewRecord, Offset, Partition};

use crate::setup::{EVENTS, INBOUND};

/// The partitions written to: two of each of the two logs.
pub(crate) const PARTITIONS: [Partition; 4] =
    [EVENTS, INBOUND, Partition::SETTINGS, Partition::DEAD];

/// All that is known of each partition.
#[derive(Clone, Default)]
pub(crate) struct Known {
    /// Every record, by offset, removed or not.
    texts: BTreeMap<Partition, Vec<String>>,
    /// Below this all readers have released it.
    released: BTreeMap<Partition, Offset>,
}

/// An append of one life, and whether it was acknowledged.
pub(crate) struct Attempt {
    pub(crate) records: Vec<NewRecord>,
    pub(crate) is_acknowledged: bool,
}

impl Known {
    /// Records of `partition` below `offset` may go from now on.
    pub(crate) fn release(&mut self, partition: Partition, offset: Offset) {
        self.released.insert(partition, offset);
    }

    /// Takes in what `log` holds after a life that made these attempts, or says which promise is
    /// broken.
    pub(crate) fn judge(&mut self, log: &dyn Log, attempts: &[Attempt]) -> Result<(), String> {
        let before = self.clone();
        for partition in PARTITIONS {
            self.judge_partition(log, partition, attempts)?;
        }
        attempts.iter().try_fold(before, |at, attempt| at.holds_prefix(attempt, self)).map(|_| ())
    }

    fn judge_partition(
        &mut self,
        log: &dyn Log,
        partition: Partition,
        attempts: &[Attempt],
    ) -> Result<(), String> {
        let wanted = self.texts.entry(partition).or_default();
        let mut least = wanted.len();
        for attempt in attempts {
            let mine = attempt.records.iter().filter(|record| record.partition == partition);
            let before = wanted.len();
            wanted.extend(mine.map(text));
            // The other log may acknowledge what came later and touches nothing here.
            if attempt.is_acknowledged && wanted.len() > before {
                least = wanted.len();
            }
        }
        let (first, found) =
            read(log, partition).map_err(|error| format!("{partition}: {error}"))?;
        let end = first + found.len();
        let released = self.released.get(&partition).copied().unwrap_or_default();
        if first as Offset > released {
            return Err(format!("{partition} begins at {first}, and {released} is not read yet"));
        }
        if end < least {
            return Err(format!("{end} of {least} records of {partition} are left"));
        }
        if wanted.get(first..end) != Some(&found[..]) {
            return Err(format!("{partition} holds what was not appended in this order"));
        }
        wanted.truncate(end);
        Ok(())
    }

    /// Of one append a prefix is there, in each of the two logs; where the next one begins.
    fn holds_prefix(mut self, attempt: &Attempt, now: &Self) -> Result<Self, String> {
        let mut is_missing = [false; 2];
        for record in &attempt.records {
            let at = self.texts.entry(record.partition).or_default();
            at.push(String::new());
            let is_there = at.len() <= now.texts[&record.partition].len();
            let is_missing =
                &mut is_missing[usize::from(!PARTITIONS[..2].contains(&record.partition))];
            if is_there && *is_missing {
                return Err("a record is there without one before it in its append".to_owned());
            }
            *is_missing |= !is_there;
        }
        Ok(self)
    }
}

/// The first offset kept, and every record from there on.
fn read(log: &dyn Log, partition: Partition) -> Result<(usize, Vec<String>), LogError> {
    let first = log.bounds(partition)?.start;
    if let Some(before) = first.checked_sub(1) {
        let gone = log.read(partition, before, 1, &mut Vec::new());
        assert!(matches!(gone, Err(LogError::Gone { first: kept, .. }) if kept == first));
    }
    let mut out: Vec<Logged> = Vec::new();
    loop {
        let had = out.len();
        log.read(partition, first + had as Offset, 1 << 16, &mut out)?;
        if out.len() == had {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let found = out.iter().map(|logged| text(&logged.bytes)).collect();
            return Ok((usize::try_from(first).unwrap(), found));
        }
    }
}

fn text(record: &NewRecord) -> String {
    String::from_utf8_lossy(&record.bytes).into_owned()
}
