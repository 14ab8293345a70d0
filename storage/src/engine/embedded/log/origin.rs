//! Where a log begins, once its old end was removed.
//!
//! Before segments are removed, a small file is written and synced that names the first segment
//! kept and the first offset of each partition there. So a start knows a segment that was removed
//! from one that is missing, and goes on counting a partition of which no record is left; and
//! nothing depends on the order in which names disappear. What a crash leaves below the origin is
//! removed at the next start.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | magic |
//! | 4 | version |
//! | 8 | the number of the first segment kept |
//! | 4 | how many partitions follow; of each: |
//! | 1 + 4 + 8 | · topic, number, and its first offset kept |
//! | 4 | CRC-32C over all before it |
//!
//! Numbers are little-endian. A new origin is a new file, named after its segment: the greatest
//! whole one is in force, and the one before it is removed only after that.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::disk::{self, Disk};
use super::failed;
use super::segment::frame::{topic_code, topic_of};
use super::segment::{self, FIRST};
use crate::port::{LogError, Offset, Partition};

/// Where a log begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// The first segment kept.
    pub(super) segment: u64,
    /// The first offset kept of each partition; 0 of those not named.
    pub(super) firsts: BTreeMap<Partition, Offset>,
}

const MAGIC: [u8; 8] = *b"origin\0\0";
const VERSION: u32 = 1;
const PARTITION_BYTES: usize = 13;

impl Origin {
    /// The origin in force on `disk`; what a crash left below it is removed.
    pub(super) fn recover(disk: &Arc<dyn Disk>) -> Result<Self, LogError> {
        let names = disk.names().map_err(failed)?;
        let origin = Self::find(disk.as_ref(), &names).map_err(failed)?;
        let stale: Vec<_> = names.iter().filter(|name| origin.is_past(name)).collect();
        if !stale.is_empty() {
            origin.sync(disk.as_ref()).map_err(failed)?;
        }
        for name in stale {
            disk.remove(name).map_err(failed)?;
        }
        Ok(origin)
    }

    /// The origin in force, of a disk with these names.
    pub(super) fn find(disk: &dyn Disk, names: &[String]) -> io::Result<Self> {
        let mut numbers: Vec<u64> = names.iter().filter_map(|name| number_of(name)).collect();
        numbers.sort_unstable();
        for number in numbers.into_iter().rev() {
            let bytes = disk::read_all(disk.open(&name_of(number))?.as_ref())?;
            if let Some(origin) = Self::decode(&bytes).filter(|origin| origin.segment == number) {
                return Ok(origin);
            }
        }
        Ok(Self { segment: FIRST, firsts: BTreeMap::new() })
    }

    /// Makes it durable, and so the one in force.
    pub(super) fn keep(&self, disk: &dyn Disk) -> io::Result<()> {
        if let Some((name, bytes)) = self.file() {
            disk::replace(disk, &name, &bytes)?.sync()?;
        }
        disk.sync_names()
    }

    /// The name and the bytes of its file; a log that begins at its first segment has none.
    pub(super) fn file(&self) -> Option<(String, Vec<u8>)> {
        (self.segment > FIRST).then(|| (name_of(self.segment), self.encode()))
    }

    /// Makes durable what was found: a process that was killed may have left it without its sync.
    /// It is not written again, because a torn one would leave none.
    fn sync(&self, disk: &dyn Disk) -> io::Result<()> {
        if self.segment > FIRST {
            disk.open(&name_of(self.segment))?.sync()?;
        }
        disk.sync_names()
    }

    /// Whether the file `name` is of no use any more: it is of a segment before, or another origin.
    pub(super) fn is_past(&self, name: &str) -> bool {
        let is_before = segment::number_of(name).is_some_and(|number| number < self.segment);
        is_before || number_of(name).is_some_and(|number| number != self.segment)
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&self.segment.to_le_bytes());
        // An installation has at most 2^20 partitions.
        out.extend_from_slice(&(self.firsts.len() as u32).to_le_bytes());
        for (partition, first) in &self.firsts {
            out.push(topic_code(partition.topic));
            out.extend_from_slice(&partition.index.to_le_bytes());
            out.extend_from_slice(&first.to_le_bytes());
        }
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (body, crc) = bytes.split_last_chunk()?;
        let (magic, rest) = body.split_first_chunk()?;
        let (version, rest) = rest.split_first_chunk()?;
        let (segment, rest) = rest.split_first_chunk()?;
        let (count, firsts) = rest.split_first_chunk()?;
        let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
        let is_whole = crc32c::crc32c(body) == u32::from_le_bytes(*crc)
            && *magic == MAGIC
            && u32::from_le_bytes(*version) == VERSION
            && firsts.len() == count.checked_mul(PARTITION_BYTES)?;
        if !is_whole {
            return None;
        }
        let firsts = firsts.chunks(PARTITION_BYTES).map(first_of).collect::<Option<_>>()?;
        Some(Self { segment: u64::from_le_bytes(*segment), firsts })
    }
}

fn first_of(bytes: &[u8]) -> Option<(Partition, Offset)> {
    let ([topic], rest) = bytes.split_first_chunk()?;
    let (index, rest) = rest.split_first_chunk()?;
    let (first, _) = rest.split_first_chunk()?;
    let partition = Partition::new(topic_of(*topic)?, u32::from_le_bytes(*index));
    Some((partition, u64::from_le_bytes(*first)))
}

fn name_of(segment: u64) -> String {
    format!("{segment:016}.origin")
}

fn number_of(name: &str) -> Option<u64> {
    name.strip_suffix(".origin")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::Topic;

    #[test]
    fn an_origin_reads_back_and_nothing_else_is_one() {
        let firsts = [(Topic::Events, 2, 500), (Topic::Inbound, 7, 0)]
            .map(|(topic, index, first)| (Partition::new(topic, index), first));
        let origin = Origin { segment: 9, firsts: firsts.into() };
        let good = origin.encode();
        assert_eq!(Origin::decode(&good), Some(origin));
        for cut in 0..good.len() {
            assert_eq!(Origin::decode(&good[..cut]), None, "{cut} bytes");
        }
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Origin::decode(&bad), None, "bit {bit}");
        }
    }
}
