use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use model::place::Place;
use model::time::Clock;
use parking_lot::Mutex;

use crate::engine::admit;
use crate::engine::budget::Budget;
use crate::engine::watchers::Watchers;
use crate::port::{Appending, Bell, Log, LogError, Logged, NewRecord, Offset, Partition};

/// A log that forgets with its process. An append is "durable" when it returns.
pub struct MemoryLog {
    place: Place,
    clock: Arc<dyn Clock>,
    partitions: Mutex<BTreeMap<Partition, Kept>>,
}

#[derive(Default)]
struct Kept {
    records: Vec<Logged>,
    watchers: Watchers,
}

impl MemoryLog {
    /// An empty log for an installation of this size.
    pub fn new(place: Place, clock: Arc<dyn Clock>) -> Self {
        Self { place, clock, partitions: Mutex::default() }
    }

    fn take(&self, records: Vec<NewRecord>) -> Result<Vec<Offset>, LogError> {
        admit::records(&records, self.place)?;
        let at = self.clock.now();
        let mut partitions = self.partitions.lock();
        let offsets = records.into_iter().map(|record| {
            let kept = partitions.entry(record.partition).or_default();
            let offset = kept.end();
            kept.records.push(Logged { offset, at, bytes: record.bytes });
            kept.watchers.ring();
            offset
        });
        Ok(offsets.collect())
    }
}

impl Kept {
    fn end(&self) -> Offset {
        self.records.len() as Offset
    }
}

impl Log for MemoryLog {
    fn append(&self, records: Vec<NewRecord>) -> Appending {
        Appending::answered(self.take(records))
    }

    fn read(
        &self,
        partition: Partition,
        from: Offset,
        max_bytes: usize,
        out: &mut Vec<Logged>,
    ) -> Result<(), LogError> {
        admit::partition(partition, self.place)?;
        let partitions = self.partitions.lock();
        let Some(kept) = partitions.get(&partition) else { return Ok(()) };
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let mut budget = Budget::new(max_bytes);
        let found = kept.records.iter().skip(from);
        out.extend(found.take_while(|logged| budget.takes(logged)).cloned());
        Ok(())
    }

    fn bounds(&self, partition: Partition) -> Result<Range<Offset>, LogError> {
        admit::partition(partition, self.place)?;
        Ok(0..self.partitions.lock().get(&partition).map_or(0, Kept::end))
    }

    fn watch(&self, partition: Partition, bell: &Arc<Bell>) {
        self.partitions.lock().entry(partition).or_default().watchers.add(bell);
    }

    fn health(&self) -> Result<(), LogError> {
        Ok(())
    }
}
