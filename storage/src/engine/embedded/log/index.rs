use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use super::Holding;
use super::origin::Origin;
use super::segment::Segment;
use super::segment::frame::Head;
use super::segment::outline::{Mark, Outline, Part};
use crate::engine::released::Released;
use crate::engine::watchers::Watchers;
use crate::port::{Bell, LogError, Logged, Offset, Partition, Reader};

/// Where the durable records of each partition are found. What is not durable is not in here.
pub(super) struct Index {
    /// Who wants that no segment is removed meanwhile.
    holds: usize,
    /// The segment that is not full, and how many of its bytes are durable.
    newest: Option<(Arc<Segment>, u64)>,
    /// The segments that are full, oldest first.
    full: VecDeque<Arc<Segment>>,
    partitions: HashMap<Partition, Kept>,
    /// The partitions of the records in memory, oldest record first.
    in_memory: VecDeque<Partition>,
    memory_bytes: usize,
    memory_most: usize,
}

/// One partition.
#[derive(Default)]
struct Kept {
    first: Offset,
    end: Offset,
    released: Released,
    stretches: Vec<Stretch>,
    newest: VecDeque<Logged>,
    watchers: Watchers,
}

/// A partition's records within one segment.
struct Stretch {
    segment: Arc<Segment>,
    first: Offset,
    /// Where some of them begin, about one every [`MARK_BYTES`] of the segment.
    marks: Vec<Mark>,
}

/// Where to read on from some offset.
pub(super) enum Found<'a> {
    /// There is nothing yet.
    End,
    /// In memory, up to the end of the partition.
    Memory(Box<dyn Iterator<Item = &'a Logged> + 'a>),
    /// In a segment.
    Stored(Stored),
}

/// Records in a segment: to be scanned from byte `at` for the offsets before `until`.
pub(super) struct Stored {
    pub(super) segment: Arc<Segment>,
    pub(super) at: u64,
    pub(super) until: Offset,
}

/// The bytes of a segment between two marks of a partition.
const MARK_BYTES: u64 = 64 * 1024;
/// What a record in memory costs beyond its bytes.
const RECORD_COST: usize = 64;

impl Index {
    /// An index of `partitions` that begin at `origin`; it keeps the newest records in up to
    /// `memory_most` bytes.
    pub(super) fn new(partitions: &[Partition], origin: &Origin, memory_most: usize) -> Self {
        let empty = |partition: &Partition| {
            let first = origin.firsts.get(partition).copied().unwrap_or_default();
            (*partition, Kept { first, end: first, ..Kept::default() })
        };
        Self {
            holds: 0,
            newest: None,
            full: VecDeque::new(),
            partitions: partitions.iter().map(empty).collect(),
            in_memory: VecDeque::new(),
            memory_bytes: 0,
            memory_most,
        }
    }

    /// Adds the frame at byte `at` of `segment`; an error says why it cannot stand there.
    pub(super) fn add(
        &mut self,
        segment: &Arc<Segment>,
        at: u64,
        head: &Head,
    ) -> Result<(), String> {
        let Head { partition, offset, .. } = *head;
        let kept = self.due(partition, offset)?;
        kept.end = offset + 1;
        kept.mark(segment, Mark { offset, at });
        Ok(())
    }

    /// Adds all that `segment` holds; an error says why that cannot be.
    pub(super) fn adopt(&mut self, segment: &Arc<Segment>, outline: Outline) -> Result<(), String> {
        for Part { partition, first, end, marks } in outline.parts {
            let kept = self.due(partition, first)?;
            kept.end = end;
            kept.stretches.push(Stretch { segment: Arc::clone(segment), first, marks });
        }
        Ok(())
    }

    /// `segment`, the newest one, is full.
    pub(super) fn close(&mut self, segment: &Arc<Segment>) {
        self.full.push_back(Arc::clone(segment));
    }

    /// `segment` is the one being written, durable up to byte `end`.
    pub(super) fn reach(&mut self, segment: &Arc<Segment>, end: u64) {
        self.newest = Some((Arc::clone(segment), end));
    }

    /// The files that hold what is durable.
    pub(super) fn holding(&self) -> Option<Holding> {
        let (segment, end) = self.newest.as_ref()?;
        let number = self.full.front().map_or(segment.number, |oldest| oldest.number);
        Some(Holding {
            full: self.full.iter().map(|segment| segment.name()).collect(),
            newest: (segment.name(), *end),
            origin: self.origin_at(number).file(),
        })
    }

    /// From now on no segment is removed, until as many calls of `let_go`.
    pub(super) fn hold(&mut self) {
        self.holds += 1;
    }

    /// As it was before [`Index::hold`].
    pub(super) fn let_go(&mut self) {
        self.holds = self.holds.saturating_sub(1);
    }

    /// What `segment`, the newest one, holds, in its `length` bytes.
    pub(super) fn outline(&self, segment: &Segment, length: u64) -> Outline {
        let part = |(partition, kept): (&Partition, &Kept)| {
            let newest = kept.stretches.last()?;
            let Stretch { first, ref marks, .. } = *newest;
            let is_here = newest.segment.number == segment.number;
            is_here.then(|| Part {
                partition: *partition,
                first,
                end: kept.end,
                marks: marks.clone(),
            })
        };
        let mut parts: Vec<_> = self.partitions.iter().filter_map(part).collect();
        parts.sort_unstable_by_key(|part| part.partition);
        Outline { segment: segment.number, length, parts }
    }

    /// Keeps a record just added in memory, and lets the oldest ones go.
    pub(super) fn remember(&mut self, partition: Partition, logged: Logged) {
        let Some(kept) = self.partitions.get_mut(&partition) else { return };
        self.memory_bytes += cost(&logged);
        kept.newest.push_back(logged);
        self.in_memory.push_back(partition);
        while self.memory_bytes > self.memory_most {
            let Some(oldest) = self.in_memory.pop_front() else { return };
            let kept = self.partitions.get_mut(&oldest);
            let gone = kept.and_then(|kept| kept.newest.pop_front());
            self.memory_bytes -= gone.as_ref().map_or(0, cost);
        }
    }

    /// Where to read `partition` on from `from`.
    pub(super) fn find(&self, partition: Partition, from: Offset) -> Result<Found<'_>, LogError> {
        let kept = self.partition(partition)?;
        if from < kept.first {
            return Err(LogError::Gone { partition, offset: from, first: kept.first });
        }
        if from >= kept.end {
            return Ok(Found::End);
        }
        if let Some(skip) = kept.newest.front().and_then(|first| from.checked_sub(first.offset)) {
            let skip = usize::try_from(skip).unwrap_or(usize::MAX);
            return Ok(Found::Memory(Box::new(kept.newest.range(skip.min(kept.newest.len())..))));
        }
        Ok(kept.stored(from))
    }

    /// The offsets of `partition`.
    pub(super) fn bounds(&self, partition: Partition) -> Result<Range<Offset>, LogError> {
        let Kept { first, end, .. } = *self.partition(partition)?;
        Ok(first..end)
    }

    /// `reader` needs nothing of `partition` below `offset`; whether a segment may go now.
    pub(super) fn release(&mut self, reader: Reader, partition: Partition, offset: Offset) -> bool {
        if let Some(kept) = self.partitions.get_mut(&partition) {
            kept.released.set(reader, offset);
        }
        self.can_remove()
    }

    /// Whether the oldest segment may go.
    pub(super) fn can_remove(&self) -> bool {
        self.holds == 0 && self.full.front().is_some_and(|oldest| self.is_released(oldest.number))
    }

    /// Where the log begins without the oldest segments that may go, at most `most` of them.
    pub(super) fn origin_without(&self, most: usize) -> Option<Origin> {
        let most = if self.holds == 0 { most } else { 0 };
        let oldest = self.full.iter().take(most);
        let gone = oldest.take_while(|segment| self.is_released(segment.number)).last()?;
        Some(self.origin_at(gone.number + 1))
    }

    fn origin_at(&self, segment: u64) -> Origin {
        let first = |(partition, kept): (&Partition, &Kept)| (*partition, kept.first_from(segment));
        Origin { segment, firsts: self.partitions.iter().map(first).collect() }
    }

    /// Forgets what stands before `origin`, unless somebody began to hold it meanwhile; whether it
    /// did.
    pub(super) fn begin_at(&mut self, origin: &Origin) -> bool {
        if self.holds > 0 {
            return false;
        }
        for (partition, kept) in &mut self.partitions {
            kept.first = origin.firsts.get(partition).copied().unwrap_or_default();
            kept.stretches.retain(|stretch| stretch.segment.number >= origin.segment);
        }
        self.full.retain(|segment| segment.number >= origin.segment);
        true
    }

    /// Whether nobody needs anything of `segment` or of those before it.
    fn is_released(&self, segment: u64) -> bool {
        self.partitions.iter().all(|(partition, kept)| {
            let first = kept.first_from(segment + 1);
            first == kept.first || first <= kept.released.floor(partition.topic)
        })
    }

    /// The end of every partition.
    pub(super) fn ends(&self) -> HashMap<Partition, Offset> {
        self.partitions.iter().map(|(partition, kept)| (*partition, kept.end)).collect()
    }

    /// Rings `bell` when `partition` grows.
    pub(super) fn watch(&mut self, partition: Partition, bell: &Arc<Bell>) {
        if let Some(kept) = self.partitions.get_mut(&partition) {
            kept.watchers.add(bell);
        }
    }

    /// Rings the bells of `partition`.
    pub(super) fn ring(&mut self, partition: Partition) {
        if let Some(kept) = self.partitions.get_mut(&partition) {
            kept.watchers.ring();
        }
    }

    /// The partition, in which `offset` is the next one.
    fn due(&mut self, partition: Partition, offset: Offset) -> Result<&mut Kept, String> {
        let kept = self
            .partitions
            .get_mut(&partition)
            .ok_or_else(|| format!("a frame of {partition}, which is not in this log"))?;
        if offset != kept.end {
            return Err(format!("offset {offset} of {partition} where {} was due", kept.end));
        }
        Ok(kept)
    }

    fn partition(&self, partition: Partition) -> Result<&Kept, LogError> {
        self.partitions.get(&partition).ok_or(LogError::NoPartition(partition))
    }
}

impl Kept {
    /// Its first offset in `segment` or a later one.
    fn first_from(&self, segment: u64) -> Offset {
        let at = self.stretches.partition_point(|stretch| stretch.segment.number < segment);
        self.stretches.get(at).map_or(self.end, |stretch| stretch.first)
    }

    fn mark(&mut self, segment: &Arc<Segment>, mark: Mark) {
        match self.stretches.last_mut() {
            Some(last) if last.segment.number == segment.number => last.mark(mark),
            _ => self.stretches.push(Stretch {
                segment: Arc::clone(segment),
                first: mark.offset,
                marks: vec![mark],
            }),
        }
    }

    fn stored(&self, from: Offset) -> Found<'_> {
        let next = self.stretches.partition_point(|stretch| stretch.first <= from);
        let until = self.stretches.get(next).map_or(self.end, |stretch| stretch.first);
        let Some(stretch) = next.checked_sub(1).and_then(|at| self.stretches.get(at)) else {
            return Found::End;
        };
        let after = stretch.marks.partition_point(|mark| mark.offset <= from);
        let mark = after.checked_sub(1).and_then(|at| stretch.marks.get(at));
        mark.map_or(Found::End, |mark| {
            Found::Stored(Stored { segment: Arc::clone(&stretch.segment), at: mark.at, until })
        })
    }
}

impl Stretch {
    fn mark(&mut self, mark: Mark) {
        if self.marks.last().is_none_or(|last| mark.at >= last.at + MARK_BYTES) {
            self.marks.push(mark);
        }
    }
}

const fn cost(logged: &Logged) -> usize {
    logged.bytes.len() + RECORD_COST
}
