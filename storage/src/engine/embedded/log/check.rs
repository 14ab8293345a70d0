//! Reading a log without changing it: what is damaged, and which records are lost by it.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::disk::Disk;
use super::origin::Origin;
use super::segment::frame::Head;
use super::segment::reader::Reader;
use super::segment::{self, HEADER_BYTES, Segment};
use crate::port::{Offset, Partition};

/// What one directory of segments holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Segments read.
    pub segments: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Records that can be read.
    pub records: u64,
    /// What is not as it was written, in the order of the log.
    pub findings: Vec<Finding>,
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A group of appends that a crash broke off. Nobody was told that it is durable; the next start
    /// cuts it.
    TornTail {
        /// Which file.
        file: String,
        /// Which of its bytes.
        bytes: Range<u64>,
    },
    /// Bytes that were durable and are not what was written.
    Damaged {
        /// Which file.
        file: String,
        /// Which of its bytes.
        bytes: Range<u64>,
    },
    /// Files that must be there and are not.
    Missing {
        /// The first of them.
        file: String,
        /// How many follow one another from it on.
        count: u64,
    },
    /// Records that stood in what is damaged or missing.
    Lost {
        /// Their partition.
        partition: Partition,
        /// Their offsets.
        offsets: Range<Offset>,
        /// The file in which their absence showed.
        file: String,
    },
}

/// A check in the making.
struct Check {
    disk: Arc<dyn Disk>,
    report: Report,
    /// The next offset due in each partition.
    due: BTreeMap<Partition, Offset>,
}

/// Reads every frame of the log in `disk`, which nobody writes to meanwhile.
pub fn check(disk: &Arc<dyn Disk>) -> io::Result<Report> {
    let names = disk.names()?;
    let origin = Origin::find(disk.as_ref(), &names)?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| segment::log_number(name)).collect();
    numbers.retain(|number| *number >= origin.segment);
    numbers.sort_unstable();
    let mut check = Check { disk: Arc::clone(disk), report: Report::default(), due: origin.firsts };
    let mut next = origin.segment;
    for number in &numbers {
        check.missing(next..*number);
        check.segment(*number, numbers.last() == Some(number))?;
        next = number + 1;
    }
    if numbers.is_empty() && origin.segment > segment::FIRST {
        check.missing(next..next + 1);
    }
    Ok(check.report)
}

impl Report {
    /// Whether everything that was durable is there.
    pub fn is_whole(&self) -> bool {
        self.findings.iter().all(|finding| matches!(finding, Finding::TornTail { .. }))
    }

    /// How many records are known to be lost.
    pub fn lost(&self) -> u64 {
        let lost = |finding: &Finding| match finding {
            Finding::Lost { offsets, .. } => offsets.end - offsets.start,
            _ => 0,
        };
        self.findings.iter().map(lost).sum()
    }
}

impl Check {
    fn missing(&mut self, numbers: Range<u64>) {
        let count = numbers.end.saturating_sub(numbers.start);
        if count > 0 {
            let file = segment::name_of(numbers.start);
            self.report.findings.push(Finding::Missing { file, count });
        }
    }

    fn segment(&mut self, number: u64, is_last: bool) -> io::Result<()> {
        let segment = Segment::named(&self.disk, number);
        let size = segment.size()?;
        self.report.segments += 1;
        self.report.bytes += size;
        if is_last && size <= HEADER_BYTES {
            return Ok(());
        }
        if !segment.has_header()? {
            self.damaged(&segment, 0..HEADER_BYTES.min(size));
        }
        let mut reader = segment.reader(HEADER_BYTES)?;
        while reader.spot().at < size {
            let at = reader.spot().at;
            if let Ok((frame, bytes)) = reader.frame()? {
                self.record(&segment, frame.head);
                reader.skip(bytes);
            } else if is_last && !has_later_group(segment.reader(at)?, size)? {
                let file = segment.name();
                self.report.findings.push(Finding::TornTail { file, bytes: at..size });
                return Ok(());
            } else {
                find_frame(&mut reader, size)?;
                self.damaged(&segment, at..reader.spot().at);
            }
        }
        self.compare(&segment)
    }

    fn damaged(&mut self, segment: &Segment, bytes: Range<u64>) {
        self.report.findings.push(Finding::Damaged { file: segment.name(), bytes });
    }

    fn record(&mut self, segment: &Segment, head: Head) {
        self.report.records += 1;
        self.reach(segment, head.partition, head.offset);
        self.due.insert(head.partition, head.offset + 1);
    }

    /// What the outline says the segment holds up to its end, and was not seen.
    fn compare(&mut self, segment: &Segment) -> io::Result<()> {
        for part in segment.outline_found()?.into_iter().flat_map(|outline| outline.parts) {
            self.reach(segment, part.partition, part.end);
        }
        Ok(())
    }

    fn reach(&mut self, segment: &Segment, partition: Partition, offset: Offset) {
        let due = self.due.entry(partition).or_default();
        if offset > *due {
            let offsets = *due..offset;
            self.report.findings.push(Finding::Lost { partition, offsets, file: segment.name() });
            *due = offset;
        }
    }
}

/// Moves `reader` on from a bad frame to the next good one, or to the end.
fn find_frame(reader: &mut Reader, size: u64) -> io::Result<()> {
    reader.skip(1);
    while reader.spot().at < size && reader.frame()?.is_err() {
        reader.skip(1);
    }
    Ok(())
}

/// Whether a good frame follows the bad one at which `reader` stands that was written after the bad
/// one had been synced.
fn has_later_group(mut reader: Reader, size: u64) -> io::Result<bool> {
    let bad = reader.spot().at;
    loop {
        find_frame(&mut reader, size)?;
        let at = reader.spot().at;
        if at >= size {
            return Ok(false);
        }
        let Ok((frame, _)) = reader.frame()? else { return Ok(false) };
        if at.saturating_sub(u64::from(frame.head.unsynced)) > bad {
            return Ok(true);
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TornTail { file, bytes: Range { start, end } } => {
                write!(f, "{file}, bytes {start} to {end}: a torn tail; nobody was told of it")
            }
            Self::Damaged { file, bytes: Range { start, end } } => {
                write!(f, "{file}, bytes {start} to {end}: damaged")
            }
            Self::Missing { file, count: 1 } => write!(f, "{file}: missing"),
            Self::Missing { file, count } => write!(f, "{file}: missing, {count} files from it on"),
            Self::Lost { partition, offsets: Range { start, end }, file } => {
                write!(f, "lost: {partition}, ")?;
                match end - start {
                    1 => write!(f, "offset {start}")?,
                    count => write!(f, "offsets {start} to {}: {count} records", end - 1)?,
                }
                write!(f, " (it shows in {file})")
            }
        }
    }
}
