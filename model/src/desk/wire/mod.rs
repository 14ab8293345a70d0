//! Wire forms: how everything that crosses the log or a disk becomes bytes and back.
//!
//! A log record is a frame header of 48 bytes (`frame.rs`), then the protobuf body of its kind.
//! `wire.proto` beside this file, with what it imports from `proto/`, is the published description
//! of both; a test proves that it and the structs here agree. A row of history is one format byte,
//! then the protobuf message.
//!
//! Rules of change: tags and kind numbers are never used twice; a field may be added, never
//! repurposed; a new kind or event that changes state is readable one release before it is
//! written. What a reader does not know it refuses, unless it is marked as one it may skip.

mod frame;
mod convert;
mod proto_service;
mod proto_input;
mod proto_record;
mod proto_event;
mod proto_settings;

use bytes::{Buf, Bytes};
use prost::Message;

use self::convert::Wire;
use self::frame::{FORMAT, HEADER_BYTES, Header, kind};
use super::{Body, Envelope, Event, Stamped};
use crate::id::IdError;
use crate::service::Content;

/// Why bytes could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Shorter than a frame's header.
    #[error("{got} bytes are no record: its header alone takes {HEADER_BYTES}")]
    Truncated {
        /// How many bytes there were.
        got: usize,
    },
    /// Written in another format.
    #[error("format version {got}, this release reads {FORMAT}")]
    Version {
        /// The version in the frame.
        got: u8,
    },
    /// The body is sealed with a key this reader does not hold.
    #[error("the body is sealed with key {key}")]
    Sealed {
        /// The key's id.
        key: u32,
    },
    /// A kind of record of a newer release that changes state: reading on would be wrong.
    #[error("kind {kind} is not known here and must be understood: a newer release is needed")]
    Unknown {
        /// The kind in the frame.
        kind: u16,
    },
    /// A kind of record of a newer release that may be skipped. Its place in the order of its
    /// epoch still counts ([`crate::fold::EpochOrder::pass`]).
    #[error("kind {kind} is not known here and may be skipped")]
    Skippable {
        /// The kind in the frame.
        kind: u16,
        /// What stands around the body.
        envelope: Envelope,
    },
    /// Something inside the body that this release does not know.
    #[error("a {what} is missing or not known here: a newer release may be needed")]
    Newer {
        /// Which type of `wire.proto`.
        what: &'static str,
    },
    /// Not protobuf of its kind, or a value that cannot be.
    #[error("{what}")]
    Malformed {
        /// What was wrong, and where.
        what: String,
    },
}

impl DecodeError {
    fn malformed(what: impl std::fmt::Display) -> Self {
        Self::Malformed { what: what.to_string() }
    }
}

impl From<prost::DecodeError> for DecodeError {
    fn from(error: prost::DecodeError) -> Self {
        Self::malformed(error)
    }
}

impl From<IdError> for DecodeError {
    fn from(error: IdError) -> Self {
        Self::malformed(error)
    }
}

/// One log record as bytes. Durations are cut to whole microseconds.
pub fn encode(stamped: &Stamped) -> Bytes {
    let header = Header::of(&stamped.body, stamped.envelope);
    match &stamped.body {
        Body::Inbound(body) => framed(header, body),
        Body::Command(body) => framed(header, body),
        Body::Outcome(body) => framed(header, body),
        Body::Receipt(body) => framed(header, body),
        Body::Entity(body) => framed(header, body),
        Body::Record(body) => framed(header, body),
        Body::Claimed(body) => framed(header, body),
        Body::Dead(body) => framed(header, body),
        Body::Lease(body) => framed(header, body),
        Body::Replayed(body) => framed(header, body),
    }
}

/// One log record from bytes. Raw bytes inside it share `bytes`, without a copy.
///
/// # Errors
/// Every byte string that is not a record this release reads; never a panic.
pub fn decode(bytes: &Bytes) -> Result<Stamped, DecodeError> {
    let mut bytes = bytes.clone();
    let Header { kind, must_understand, envelope } = Header::take(&mut bytes)?;
    if envelope.key != 0 {
        return Err(DecodeError::Sealed { key: envelope.key });
    }
    let body = match kind {
        kind::INBOUND => Body::Inbound(read(bytes)?),
        kind::COMMAND => Body::Command(read(bytes)?),
        kind::OUTCOME => Body::Outcome(read(bytes)?),
        kind::RECEIPT => Body::Receipt(read(bytes)?),
        kind::ENTITY => Body::Entity(read(bytes)?),
        kind::RECORD => Body::Record(read(bytes)?),
        kind::CLAIMED => Body::Claimed(read(bytes)?),
        kind::DEAD => Body::Dead(read(bytes)?),
        kind::LEASE => Body::Lease(read(bytes)?),
        kind::REPLAYED => Body::Replayed(read(bytes)?),
        _ if must_understand => return Err(DecodeError::Unknown { kind }),
        _ => return Err(DecodeError::Skippable { kind, envelope }),
    };
    Ok(Stamped { envelope, body })
}

/// A message's content as bytes of its own, for rows of history.
pub fn encode_content(content: &Content) -> Bytes {
    row(content)
}

/// A message's content from the bytes of [`encode_content`].
///
/// # Errors
/// Every byte string that is not a content this release reads.
pub fn decode_content(bytes: &[u8]) -> Result<Content, DecodeError> {
    read(of_row(bytes)?)
}

/// An event as bytes of its own, for rows of history.
pub fn encode_event(event: &Event) -> Bytes {
    row(event)
}

/// An event from the bytes of [`encode_event`].
///
/// # Errors
/// Every byte string that is not an event this release reads.
pub fn decode_event(bytes: &[u8]) -> Result<Event, DecodeError> {
    read(of_row(bytes)?)
}

fn framed<T: Wire<Form: Message>>(header: Header, body: &T) -> Bytes {
    let form = body.to_wire();
    let mut out = Vec::with_capacity(HEADER_BYTES + form.encoded_len());
    header.put(&mut out);
    append(&form, out)
}

fn row<T: Wire<Form: Message>>(value: &T) -> Bytes {
    let form = value.to_wire();
    let mut out = Vec::with_capacity(1 + form.encoded_len());
    out.push(FORMAT);
    append(&form, out)
}

fn append(form: &impl Message, mut out: Vec<u8>) -> Bytes {
    let appended = form.encode(&mut out);
    assert!(appended.is_ok(), "C6: a buffer that grows takes every record");
    Bytes::from(out)
}

fn of_row(bytes: &[u8]) -> Result<&[u8], DecodeError> {
    match bytes.split_first() {
        Some((&FORMAT, message)) => Ok(message),
        Some((&got, _)) => Err(DecodeError::Version { got }),
        None => Err(DecodeError::Truncated { got: 0 }),
    }
}

fn read<T: Wire<Form: Message + Default>>(bytes: impl Buf) -> Result<T, DecodeError> {
    T::from_wire(T::Form::decode(bytes)?)
}
