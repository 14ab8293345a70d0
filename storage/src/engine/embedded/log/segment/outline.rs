//! Outlines: what stands where in a segment that is full, so that a start need not read it.
//!
//! Beside each segment but the last lies a small file that says which offsets of which partitions
//! the segment holds, and about where. Everything in it can be found again by reading the segment:
//! an outline that is missing, torn or of another length is made anew, and so it is never synced.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | magic |
//! | 4 | version |
//! | 8 + 8 | the segment's number and length |
//! | 4 | how many partitions follow; of each: |
//! | 1 + 4 | · topic and number |
//! | 8 + 8 | · its first offset in the segment, and the one after its last |
//! | 4 | · how many marks follow; of each: 8 + 8, an offset and the byte of its frame |
//! | 4 | CRC-32C over all before it |
//!
//! Numbers are little-endian.

use super::frame::{topic_code, topic_of};
use crate::port::{Offset, Partition};

/// What a segment holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outline {
    /// The segment's number.
    pub(crate) segment: u64,
    /// Its length in bytes.
    pub(crate) length: u64,
    /// The partitions with records in it.
    pub(crate) parts: Vec<Part>,
}

/// What it holds of one partition: the offsets from `first` to before `end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) partition: Partition,
    pub(crate) first: Offset,
    pub(crate) end: Offset,
    pub(crate) marks: Vec<Mark>,
}

/// Where a record begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) offset: Offset,
    pub(crate) at: u64,
}

const MAGIC: [u8; 8] = *b"outline\0";
const VERSION: u32 = 1;

impl Outline {
    /// As it stands in its file.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&self.segment.to_le_bytes());
        out.extend_from_slice(&self.length.to_le_bytes());
        put_count(&mut out, self.parts.len());
        for part in &self.parts {
            out.push(topic_code(part.partition.topic));
            out.extend_from_slice(&part.partition.index.to_le_bytes());
            out.extend_from_slice(&part.first.to_le_bytes());
            out.extend_from_slice(&part.end.to_le_bytes());
            put_count(&mut out, part.marks.len());
            for mark in &part.marks {
                out.extend_from_slice(&mark.offset.to_le_bytes());
                out.extend_from_slice(&mark.at.to_le_bytes());
            }
        }
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    /// The outline in `bytes`, if they are one, whole.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (body, crc) = bytes.split_last_chunk()?;
        if crc32c::crc32c(body) != u32::from_le_bytes(*crc) {
            return None;
        }
        let mut left = Left(body);
        if left.take()? != MAGIC || left.u32()? != VERSION {
            return None;
        }
        let (segment, length) = (left.u64()?, left.u64()?);
        let parts = (0..left.u32()?).map(|_| left.part()).collect::<Option<_>>()?;
        left.0.is_empty().then_some(Self { segment, length, parts })
    }
}

/// The bytes not read yet.
struct Left<'a>(&'a [u8]);

impl Left<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn part(&mut self) -> Option<Part> {
        let [topic] = self.take()?;
        let partition = Partition::new(topic_of(topic)?, self.u32()?);
        let (first, end) = (self.u64()?, self.u64()?);
        let mark = |left: &mut Self| Some(Mark { offset: left.u64()?, at: left.u64()? });
        let marks = (0..self.u32()?).map(|_| mark(self)).collect::<Option<_>>()?;
        Some(Part { partition, first, end, marks })
    }
}

/// A segment holds far fewer than 2^32 of anything.
fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&(count as u32).to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::Topic;

    fn outline() -> Outline {
        let part = |partition, first, end, marks: &[(u64, u64)]| Part {
            partition,
            first,
            end,
            marks: marks.iter().map(|&(offset, at)| Mark { offset, at }).collect(),
        };
        let events = part(Partition::new(Topic::Events, 3), 7, 90, &[(7, 24), (60, 70_000)]);
        let inbound = part(Partition::new(Topic::Inbound, 0), 0, 1, &[(0, 500)]);
        Outline { segment: 12, length: 140_000, parts: vec![events, inbound] }
    }

    #[test]
    fn an_outline_reads_back() {
        assert_eq!(Outline::decode(&outline().encode()), Some(outline()));
    }

    #[test]
    fn no_part_and_no_flipped_bit_is_taken_for_an_outline() {
        let good = outline().encode();
        for cut in 0..good.len() {
            assert_eq!(Outline::decode(&good[..cut]), None, "{cut} bytes");
        }
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Outline::decode(&bad), None, "bit {bit}");
        }
    }
}
