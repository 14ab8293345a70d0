use crate::id::TenantId;
use crate::time::Timestamp;

use super::{
    Claimed, CommandRecord, Dead, Entity, Inbound, Lease, Outcome, Receipt, Record, Replayed,
};

/// What every record of every topic carries around its body, whatever the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Whose record it is.
    pub tenant: TenantId,
    /// The key its body is sealed with; 0 is in the clear.
    pub key: u32,
    /// The owner's epoch; 0 outside `events`.
    pub epoch: u32,
    /// Its number in the epoch, dense from the claim, which is 0; 0 outside `events`.
    pub number: u64,
    /// When it was handed to the log.
    pub at: Timestamp,
    /// W3C trace id; 0 is none.
    pub trace: u128,
}

impl Envelope {
    /// An input's envelope: no epoch, in the clear, of the only tenant.
    pub const fn of_input(at: Timestamp) -> Self {
        Self { tenant: TenantId::ONLY, key: 0, epoch: 0, number: 0, at, trace: 0 }
    }
}

/// A body together with its envelope: one log record.
#[derive(Clone, Debug, PartialEq)]
pub struct Stamped {
    /// Around it.
    pub envelope: Envelope,
    /// What it says.
    pub body: Body,
}

/// Everything that may stand in the log.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// `inbound`: a customer's message.
    Inbound(Inbound),
    /// `commands` and `control`: a user's wish.
    Command(CommandRecord),
    /// `commands`: a provider's answer to a send.
    Outcome(Outcome),
    /// `commands`: a provider's receipt.
    Receipt(Receipt),
    /// `settings`: a whole entity.
    Entity(Entity),
    /// `events`: all that one input caused.
    Record(Record),
    /// `events`: an owner takes the shard.
    Claimed(Claimed),
    /// `dead`: bytes that could not be handled, with the reason.
    Dead(Dead),
    /// `control`: a gateway's sessions, renewed.
    Lease(Lease),
    /// `dead`: the mark that such bytes were replayed.
    Replayed(Replayed),
}
