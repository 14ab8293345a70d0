//! The frame: a header of fixed size before every body, readable without protobuf.
//!
//! Big-endian, no padding:
//!
//! | bytes | field |
//! |---|---|
//! | 0 | format version, [`FORMAT`] |
//! | 1 | flags: bit 0 must-understand; the others are 0 |
//! | 2..4 | kind of the body |
//! | 4..8 | tenant |
//! | 8..12 | key id, 0 in the clear |
//! | 12..16 | epoch |
//! | 16..24 | record number |
//! | 24..32 | log time, microseconds since the Unix epoch, signed |
//! | 32..48 | W3C trace id, 0 is none |

use bytes::{Buf, BufMut, Bytes};

use super::DecodeError;
use crate::desk::{Body, Envelope};
use crate::id::TenantId;
use crate::time::Timestamp;

/// The format this release writes and the only one it reads.
pub(super) const FORMAT: u8 = 1;

/// Length of the header.
pub(super) const HEADER_BYTES: usize = 48;

const MUST_UNDERSTAND: u8 = 1;

/// Kinds of body, by their number in the frame. Numbers are never used twice.
pub(super) mod kind {
    pub(in super::super) const INBOUND: u16 = 1;
    pub(in super::super) const COMMAND: u16 = 2;
    pub(in super::super) const OUTCOME: u16 = 3;
    pub(in super::super) const RECEIPT: u16 = 4;
    pub(in super::super) const ENTITY: u16 = 5;
    pub(in super::super) const RECORD: u16 = 6;
    pub(in super::super) const CLAIMED: u16 = 7;
    pub(in super::super) const DEAD: u16 = 8;
    pub(in super::super) const LEASE: u16 = 9;
    pub(in super::super) const REPLAYED: u16 = 10;
}

/// A header, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: u16,
    pub(super) must_understand: bool,
    pub(super) envelope: Envelope,
}

impl Header {
    /// The header of `body`. Only what stands in `dead` changes nothing for those who cannot read it.
    pub(super) const fn of(body: &Body, envelope: Envelope) -> Self {
        let kind = match body {
            Body::Inbound(_) => kind::INBOUND,
            Body::Command(_) => kind::COMMAND,
            Body::Outcome(_) => kind::OUTCOME,
            Body::Receipt(_) => kind::RECEIPT,
            Body::Entity(_) => kind::ENTITY,
            Body::Record(_) => kind::RECORD,
            Body::Claimed(_) => kind::CLAIMED,
            Body::Dead(_) => kind::DEAD,
            Body::Lease(_) => kind::LEASE,
            Body::Replayed(_) => kind::REPLAYED,
        };
        let must_understand = !matches!(body, Body::Dead(_) | Body::Replayed(_));
        Self { kind, must_understand, envelope }
    }

    pub(super) fn put(&self, out: &mut impl BufMut) {
        let Envelope { tenant, key, epoch, number, at, trace } = self.envelope;
        out.put_u8(FORMAT);
        out.put_u8(if self.must_understand { MUST_UNDERSTAND } else { 0 });
        out.put_u16(self.kind);
        out.put_u32(tenant.0);
        out.put_u32(key);
        out.put_u32(epoch);
        out.put_u64(number);
        out.put_i64(at.as_micros());
        out.put_u128(trace);
    }

    /// Reads the header off the front of `bytes`; the body stays.
    pub(super) fn take(bytes: &mut Bytes) -> Result<Self, DecodeError> {
        match bytes.first() {
            Some(&FORMAT) if bytes.len() >= HEADER_BYTES => {}
            Some(&FORMAT) | None => return Err(DecodeError::Truncated { got: bytes.len() }),
            Some(&got) => return Err(DecodeError::Version { got }),
        }
        bytes.advance(1);
        let flags = bytes.get_u8();
        if flags & !MUST_UNDERSTAND != 0 {
            return Err(DecodeError::Newer { what: "frame flag" });
        }
        let kind = bytes.get_u16();
        let envelope = Envelope {
            tenant: TenantId(bytes.get_u32()),
            key: bytes.get_u32(),
            epoch: bytes.get_u32(),
            number: bytes.get_u64(),
            at: Timestamp::from_micros(bytes.get_i64()),
            trace: bytes.get_u128(),
        };
        Ok(Self { kind, must_understand: flags & MUST_UNDERSTAND != 0, envelope })
    }
}
