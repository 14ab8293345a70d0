use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use model::place::Place;
use model::time::Clock;
use parking_lot::Mutex;

use crate::engine::admit;
use crate::engine::budget::Budget;
use crate::engine::released::Released;
use crate::engine::watchers::Watchers;
use crate::port::{
    Appending, Bell, Log, LogError, Logged, NewRecord, Offset, Partition, Reader, Topic,
};

/// A log that forgets with its process. An append is "durable" when it returns.
pub struct MemoryLog {
    place: Place,
    clock: Arc<dyn Clock>,
    partitions: Mutex<BTreeMap<Partition, Kept>>,
}

#[derive(Default)]
struct Kept {
    /// Records removed: the first one kept has this offset.
    removed: usize,
    records: VecDeque<Logged>,
    released: Released,
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
            let offset = kept.bounds().end;
            kept.records.push_back(Logged { offset, at, bytes: record.bytes });
            kept.watchers.ring();
            offset
        });
        Ok(offsets.collect())
    }
}

impl Kept {
    fn bounds(&self) -> Range<Offset> {
        let first = self.removed as Offset;
        first..first + self.records.len() as Offset
    }

    fn release(&mut self, reader: Reader, (topic, offset): (Topic, Offset)) {
        self.released.set(reader, offset);
        let Range { start, end } = self.bounds();
        let gone = self.released.floor(topic).clamp(start, end) - start;
        let gone = usize::try_from(gone).unwrap_or_default();
        self.records.drain(..gone);
        self.removed += gone;
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
        let first = kept.bounds().start;
        let skip = from.checked_sub(first).ok_or(LogError::Gone { partition, offset: from, first });
        let skip = usize::try_from(skip?).unwrap_or(usize::MAX);
        let mut budget = Budget::new(max_bytes);
        let found = kept.records.iter().skip(skip);
        out.extend(found.take_while(|logged| budget.takes(logged)).cloned());
        Ok(())
    }

    fn bounds(&self, partition: Partition) -> Result<Range<Offset>, LogError> {
        admit::partition(partition, self.place)?;
        Ok(self.partitions.lock().get(&partition).map_or(0..0, Kept::bounds))
    }

    fn release(&self, reader: Reader, partition: Partition, offset: Offset) {
        if let Some(kept) = self.partitions.lock().get_mut(&partition) {
            kept.release(reader, (partition.topic, offset));
        }
    }

    fn watch(&self, partition: Partition, bell: &Arc<Bell>) {
        self.partitions.lock().entry(partition).or_default().watchers.add(bell);
    }

    fn health(&self) -> Result<(), LogError> {
        Ok(())
    }
}
