//! What was said to the shards: every input ever appended, by its place.

use std::collections::BTreeMap;

use model::desk::{
    Body, CommandRecord, Entity, Envelope, Inbound, Lease, Outcome, Receipt, Settings, Stamped,
    wire,
};
use model::time::Timestamp;
use storage::port::{Log, NewRecord, Offset, Partition};

use crate::faulty::FaultyLog;

/// An input, and what must become of it.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    /// A customer's message; whether its channel was among the shard's when it was appended.
    Message {
        message: Inbound,
        known: bool,
    },
    Command(CommandRecord),
    Outcome(Outcome),
    Receipt(Receipt),
    Lease(Lease),
    /// Settings that are in order, or void by their version.
    Entity(Entity),
    /// Settings in order but larger than a lane takes.
    Oversized(Entity),
    /// No record at all.
    Junk,
}

/// Everything that was said.
pub(crate) struct Ledger {
    /// Lanes of each shard.
    pub(crate) lanes: u8,
    /// What all settings come to, the void ones left out.
    pub(crate) settings: Settings,
    said: BTreeMap<Partition, Vec<(Said, Spoken)>>,
}

/// When an input was appended, and the latest such time of its partition so far: a node's clock may
/// be behind when it comes back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spoken {
    pub(crate) at: Timestamp,
    pub(crate) latest: Timestamp,
}

impl Ledger {
    pub(crate) fn new(lanes: u8) -> Self {
        Self { lanes, settings: Settings::default(), said: BTreeMap::new() }
    }

    /// Appends an input and remembers it.
    pub(crate) fn say(&mut self, log: &FaultyLog, at: Timestamp, to: (Partition, Said)) {
        let (partition, said) = to;
        if let Said::Entity(entity) = &said {
            drop(self.settings.apply(entity.clone()));
        }
        let body = match said.clone() {
            Said::Message { message, .. } => Some(Body::Inbound(message)),
            Said::Command(command) => Some(Body::Command(command)),
            Said::Outcome(outcome) => Some(Body::Outcome(outcome)),
            Said::Receipt(receipt) => Some(Body::Receipt(receipt)),
            Said::Lease(lease) => Some(Body::Lease(lease)),
            Said::Entity(entity) | Said::Oversized(entity) => Some(Body::Entity(entity)),
            Said::Junk => None,
        };
        let envelope = Envelope::of_input(at);
        let junk = || bytes::Bytes::from_static(b"\xff\xfenot a record");
        let bytes = body.map_or_else(junk, |body| wire::encode(&Stamped { envelope, body }));
        let offsets = log.append(vec![NewRecord { partition, bytes }]).wait().unwrap();
        let all = self.said.entry(partition).or_default();
        assert_eq!(offsets, [all.len() as Offset]);
        let latest = all.last().map_or(at, |(_, before)| before.latest.max(at));
        all.push((said, Spoken { at, latest }));
    }

    pub(crate) fn at(&self, partition: Partition, offset: Offset) -> &Said {
        &self.said[&partition][offset as usize].0
    }

    pub(crate) fn spoken(&self, partition: Partition, offset: Offset) -> Spoken {
        self.said[&partition][offset as usize].1
    }

    pub(crate) fn entity(&self, offset: Offset) -> Entity {
        match self.at(Partition::SETTINGS, offset) {
            Said::Entity(entity) => entity.clone(),
            said => panic!("C6: settings were brought into force: {said:?}"),
        }
    }

    /// How much was said to a partition.
    pub(crate) fn len(&self, partition: Partition) -> usize {
        self.said.get(&partition).map_or(0, Vec::len)
    }
}
