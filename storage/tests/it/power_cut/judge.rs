//! What a log may hold after the power was cut.

use std::collections::BTreeMap;

use storage::port::{Log, LogError, NewRecord, Offset, Partition};

use crate::setup::{EVENTS, INBOUND};

/// The partitions written to: two of each of the two logs.
pub(crate) const PARTITIONS: [Partition; 4] =
    [EVENTS, INBOUND, Partition::SETTINGS, Partition::DEAD];

/// All that was ever in each partition, by offset.
#[derive(Clone, Default)]
pub(crate) struct Known(BTreeMap<Partition, Vec<String>>);

/// An append of one life, and whether it was acknowledged.
pub(crate) struct Attempt {
    pub(crate) records: Vec<NewRecord>,
    pub(crate) is_acknowledged: bool,
}

impl Known {
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
        let wanted = self.0.entry(partition).or_default();
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
        let found = read(log, partition).map_err(|error| format!("{partition}: {error}"))?;
        if found.len() < least {
            return Err(format!("{} of {least} records of {partition} are left", found.len()));
        }
        if !wanted.starts_with(&found) {
            return Err(format!("{partition} holds what was not appended in this order"));
        }
        wanted.truncate(found.len());
        Ok(())
    }

    /// Of one append a prefix is there, in each of the two logs; where the next one begins.
    fn holds_prefix(mut self, attempt: &Attempt, now: &Self) -> Result<Self, String> {
        let mut is_missing = [false; 2];
        for record in &attempt.records {
            let at = self.0.entry(record.partition).or_default();
            at.push(String::new());
            let is_there = at.len() <= now.0[&record.partition].len();
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

fn read(log: &dyn Log, partition: Partition) -> Result<Vec<String>, LogError> {
    let mut out = Vec::new();
    loop {
        let had = out.len();
        log.read(partition, had as Offset, 1 << 16, &mut out)?;
        if out.len() == had {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            return Ok(out.iter().map(|logged| text(&logged.bytes)).collect());
        }
    }
}

fn text(record: &NewRecord) -> String {
    String::from_utf8_lossy(&record.bytes).into_owned()
}
