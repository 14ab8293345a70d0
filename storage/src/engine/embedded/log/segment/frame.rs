//! Frames: how a record stands in a segment.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | length: the bytes after the checksum |
//! | 4 | CRC-32C over where the frame stands, the length, and all that follows |
//! | 1 | topic |
//! | 4 | partition within the topic |
//! | 8 | offset within the partition |
//! | 8 | append time, microseconds since the Unix epoch |
//! | 4 | how many bytes before this frame were written together with it |
//! | … | the record |
//!
//! Numbers are little-endian. Because the checksum covers the segment's number and the frame's
//! place in it, a frame is valid nowhere else: neither a copy of one inside a record, nor an old
//! block that the file system hands back, can be taken for one. The last number of the head names
//! the group a frame was written with, which is what tells a torn write from damage
//! (see [`super`]).

use model::limit;
use model::time::Timestamp;

use crate::port::{Offset, Partition, Topic};

/// Bytes of a frame around its record.
pub(crate) const FRAME_BYTES: usize = 8 + HEAD_BYTES;
/// Bytes between the checksum and the record.
const HEAD_BYTES: usize = 25;

/// Where a frame stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    /// The segment's number.
    pub(crate) segment: u64,
    /// The byte of the segment at which the frame begins.
    pub(crate) at: u64,
}

/// What a frame says of its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) partition: Partition,
    pub(crate) offset: Offset,
    pub(crate) at: Timestamp,
    /// How many bytes before this frame belong to the same group: none of the group was known to
    /// be durable when it was written, all before it was.
    pub(crate) unsynced: u32,
}

/// A frame as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) head: Head,
    pub(crate) payload: &'a [u8],
}

/// Why bytes are not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoFrame {
    /// They end before the frame does; it has this many bytes.
    Short(usize),
    /// They are not one.
    Bad,
}

/// Adds the frame of `payload` that will stand at `spot`.
pub(crate) fn encode(head: &Head, payload: &[u8], spot: Spot, out: &mut Vec<u8>) {
    let begin = out.len();
    // A record's size was checked when it was taken; it fits in 32 bits many times over.
    let length = (HEAD_BYTES + payload.len()) as u32;
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.push(topic_code(head.partition.topic));
    out.extend_from_slice(&head.partition.index.to_le_bytes());
    out.extend_from_slice(&head.offset.to_le_bytes());
    out.extend_from_slice(&head.at.as_micros().to_le_bytes());
    out.extend_from_slice(&head.unsynced.to_le_bytes());
    out.extend_from_slice(payload);
    let crc = out.get(begin + 8..).map_or(0, |rest| checksum(spot, length, rest));
    if let Some(place) = out.get_mut(begin + 4..begin + 8) {
        place.copy_from_slice(&crc.to_le_bytes());
    }
}

/// The frame that begins `bytes`, which stand at `spot`, its checksum verified.
pub(crate) fn decode(bytes: &[u8], spot: Spot) -> Result<Frame<'_>, NoFrame> {
    let size = size(bytes)?;
    let frame = bytes.get(..size).ok_or(NoFrame::Short(size))?;
    let (head, payload) = split(frame).ok_or(NoFrame::Bad)?;
    let (length, crc) = (number(frame, 0), number(frame, 4));
    let rest = frame.get(8..).unwrap_or_default();
    if crc != Some(checksum(spot, length.unwrap_or_default(), rest)) {
        return Err(NoFrame::Bad);
    }
    Ok(Frame { head, payload })
}

/// The head and the size of the frame that begins `bytes`, its checksum not looked at: to step
/// over frames of other partitions.
pub(crate) fn peek(bytes: &[u8]) -> Result<(Head, usize), NoFrame> {
    let size = size(bytes)?;
    let (head, _) = split(bytes).ok_or(NoFrame::Bad)?;
    Ok((head, size))
}

/// The size of the frame that begins `bytes`, when it can be a frame and all of it is there.
pub(super) fn whole(bytes: &[u8]) -> Result<usize, NoFrame> {
    let size = size(bytes)?;
    if bytes.len() < size { Err(NoFrame::Short(size)) } else { Ok(size) }
}

/// The size of the frame that begins `bytes`, when it can be a frame at all.
fn size(bytes: &[u8]) -> Result<usize, NoFrame> {
    let length = number(bytes, 0).ok_or(NoFrame::Short(FRAME_BYTES))? as usize;
    if !(HEAD_BYTES..=HEAD_BYTES + limit::RECORD_BYTES).contains(&length) {
        return Err(NoFrame::Bad);
    }
    if bytes.len() < FRAME_BYTES {
        return Err(NoFrame::Short(8 + length));
    }
    Ok(8 + length)
}

fn split(frame: &[u8]) -> Option<(Head, &[u8])> {
    let topic = topic_of(*frame.get(8)?)?;
    let index = number(frame, 9)?;
    let head = Head {
        partition: Partition::new(topic, index),
        offset: u64::from_le_bytes(array(frame, 13)?),
        at: Timestamp::from_micros(i64::from_le_bytes(array(frame, 21)?)),
        unsynced: number(frame, 29)?,
    };
    Some((head, frame.get(FRAME_BYTES..)?))
}

fn checksum(spot: Spot, length: u32, rest: &[u8]) -> u32 {
    let mut place = [0; 20];
    let (segment, after) = place.split_at_mut(8);
    let (at, size) = after.split_at_mut(8);
    segment.copy_from_slice(&spot.segment.to_le_bytes());
    at.copy_from_slice(&spot.at.to_le_bytes());
    size.copy_from_slice(&length.to_le_bytes());
    crc32c::crc32c_append(crc32c::crc32c(&place), rest)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// The number of a topic, fixed for ever: these numbers stand on disks.
pub(crate) const fn topic_code(topic: Topic) -> u8 {
    match topic {
        Topic::Inbound => 1,
        Topic::Commands => 2,
        Topic::Control => 3,
        Topic::Events => 4,
        Topic::Settings => 5,
        Topic::Dead => 6,
    }
}

/// The topic of that number.
pub(crate) fn topic_of(code: u8) -> Option<Topic> {
    Topic::ALL.into_iter().find(|topic| topic_code(*topic) == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPOT: Spot = Spot { segment: 3, at: 4_096 };
    const HEAD: Head = Head {
        partition: Partition::new(Topic::Events, 2),
        offset: 77,
        at: Timestamp::from_micros(1_700_000_000_000_000),
        unsynced: 512,
    };

    fn framed(payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(&HEAD, payload, SPOT, &mut bytes);
        bytes
    }

    #[test]
    fn yesterdays_bytes_still_read() {
        // Written by the first version of this format; it may never change.
        let old = b"\x1b\0\0\0\xe7\xb7\xa9\xa3\x04\x02\0\0\0\x4d\0\0\0\0\0\0\0\
                    \0\x40\x1e\x18\x24\x0a\x06\0\0\x02\0\0hi";
        assert_eq!(framed(b"hi"), old);
        let frame = decode(old, SPOT).unwrap();
        assert_eq!((frame.head, frame.payload), (HEAD, b"hi".as_slice()));
    }

    #[test]
    fn every_flipped_bit_is_seen() {
        let good = framed(b"a record");
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&bad, SPOT).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_frame_is_valid_only_where_it_was_written() {
        let bytes = framed(b"a record");
        assert_eq!(decode(&bytes, Spot { at: 4_097, ..SPOT }), Err(NoFrame::Bad));
        assert_eq!(decode(&bytes, Spot { segment: 4, ..SPOT }), Err(NoFrame::Bad));
    }

    #[test]
    fn a_part_of_a_frame_says_how_much_is_missing() {
        let bytes = framed(b"a record");
        for cut in 4..bytes.len() {
            assert_eq!(decode(&bytes[..cut], SPOT), Err(NoFrame::Short(bytes.len())), "{cut}");
        }
        assert_eq!(decode(&bytes[..3], SPOT), Err(NoFrame::Short(FRAME_BYTES)));
        assert_eq!(decode(&[0; 64], SPOT), Err(NoFrame::Bad));
    }
}
