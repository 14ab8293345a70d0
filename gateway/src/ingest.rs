//! Elements of a webhook into the log, all in one append; the webhook is answered when they are
//! durable.

use std::sync::Arc;

use bytes::Bytes;
use model::desk::{Body, Dead, Envelope, Inbound, Receipt, Stamped, wire};
use model::id::{ChannelId, MessageId, ShardId};
use model::limit;
use storage::port::{LogError, NewRecord, Partition, Topic};

use crate::Ports;
use crate::connector::Element;
use crate::follow::SettingsFollower;
use crate::metric::IngestMeter;

/// What the envelope, reason and origin of a dead letter take at most beside its bytes.
const DEAD_MARGIN_BYTES: usize = 4 * 1024;

/// Puts elements into the log.
pub struct Ingest {
    ports: Ports,
    settings: Arc<SettingsFollower>,
    meter: IngestMeter,
}

/// Nothing was made durable, or it is not known to be: the provider must send it again.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The log refused or failed.
    #[error("the log did not take it")]
    Log(#[from] LogError),
    /// The log did not answer within [`limit::INGEST_WAIT`].
    #[error("the log did not answer in time")]
    Slow,
}

impl Ingest {
    /// Appends to the log of `ports`, placing by the settings in force.
    pub fn new(ports: Ports, settings: Arc<SettingsFollower>) -> Self {
        Self { ports, settings, meter: IngestMeter::new() }
    }

    /// Makes every element durable, in order, or answers an error; never waits longer than
    /// [`limit::INGEST_WAIT`]. Repeats after an error have one effect: lanes fold duplicates.
    pub async fn take(&self, elements: &[Element]) -> Result<(), IngestError> {
        if elements.is_empty() {
            return Ok(());
        }
        let taken = tokio::time::timeout(limit::INGEST_WAIT, self.append(elements)).await;
        taken.map_err(|_| IngestError::Slow)??;
        elements.iter().for_each(|element| self.count(element));
        Ok(())
    }

    /// The records that [`Self::take`] would append for these elements.
    pub fn place(&self, elements: &[Element]) -> Vec<NewRecord> {
        self.records(elements, limit::RECORD_BYTES)
    }

    /// What the log finds too large goes to `dead` in its place.
    async fn append(&self, elements: &[Element]) -> Result<(), LogError> {
        let records = self.records(elements, limit::RECORD_BYTES);
        match self.ports.log.append(records).await {
            Err(LogError::TooLarge { max, .. }) if max < limit::RECORD_BYTES => {
                self.ports.log.append(self.records(elements, max)).await.map(drop)
            }
            answer => answer.map(drop),
        }
    }

    fn records(&self, elements: &[Element], max: usize) -> Vec<NewRecord> {
        let mut records = Vec::with_capacity(elements.len());
        for element in elements {
            match element {
                Element::Inbound(inbound) => records.extend(self.inbound(inbound, max)),
                Element::Receipt(receipt) => records.extend(self.receipt(receipt, max)),
                Element::Dead(dead) => records.extend(self.dead(dead, max)),
            }
        }
        records
    }

    fn inbound(&self, inbound: &Inbound, max: usize) -> Vec<NewRecord> {
        let bytes = self.encode(Body::Inbound(inbound.clone()));
        let shard = self.shard_of(inbound.channel);
        let lane = self.ports.place.of_address(shard, inbound.channel, &inbound.address);
        self.placed(Partition::new(Topic::Inbound, lane.index()), bytes, max)
    }

    /// To its conversation's lane when it names one of ours, else by its address.
    fn receipt(&self, receipt: &Receipt, max: usize) -> Vec<NewRecord> {
        let place = self.ports.place;
        let shard = self.shard_of(receipt.channel);
        let message = receipt.message.filter(|message| self.is_ours(*message, shard));
        let lane = match message {
            Some(message) => place.of_conversation(message.conversation),
            None => place.of_address(shard, receipt.channel, &receipt.address),
        };
        let bytes = self.encode(Body::Receipt(Receipt { message, ..receipt.clone() }));
        self.placed(Partition::new(Topic::Commands, lane.index()), bytes, max)
    }

    fn placed(&self, partition: Partition, bytes: Bytes, max: usize) -> Vec<NewRecord> {
        if bytes.len() <= max {
            return vec![NewRecord { partition, bytes }];
        }
        let dead = Dead {
            reason: model::desk::DeadReason::Unparseable,
            origin: format!("ingest for {partition}"),
            detail: format!("a record of {} bytes", bytes.len()),
            bytes,
        };
        self.dead(&dead, max)
    }

    /// As many records as the bytes need.
    fn dead(&self, dead: &Dead, max: usize) -> Vec<NewRecord> {
        let room = max.saturating_sub(DEAD_MARGIN_BYTES).max(1);
        let parts = dead.bytes.len().div_ceil(room).max(1);
        (0..parts)
            .map(|part| {
                let from = part * room;
                let to = dead.bytes.len().min(from + room);
                let mut dead = Dead { bytes: dead.bytes.slice(from..to), ..dead.clone() };
                if parts > 1 {
                    dead.detail = format!("part {} of {parts}: {}", part + 1, dead.detail);
                }
                let bytes = self.encode(Body::Dead(dead));
                NewRecord { partition: Partition::DEAD, bytes }
            })
            .collect()
    }

    fn encode(&self, body: Body) -> Bytes {
        let envelope = Envelope::of_input(self.ports.clock.now());
        wire::encode(&Stamped { envelope, body })
    }

    /// Only channels in force are parsed into elements, and they never leave the settings.
    fn shard_of(&self, channel: ChannelId) -> ShardId {
        self.settings.current().operation_of(channel).map_or_else(ShardId::default, |o| o.shard)
    }

    /// A callback datum is the provider's echo: it is believed only where it could be ours.
    fn is_ours(&self, message: MessageId, shard: ShardId) -> bool {
        let lane = message.conversation.lane();
        message.conversation.shard() == shard && lane.get() < self.ports.place.lanes()
    }

    fn count(&self, element: &Element) {
        match element {
            Element::Inbound(_) => self.meter.messages.increment(1),
            Element::Receipt(_) => self.meter.receipts.increment(1),
            Element::Dead(dead) => self.meter.dead(dead.reason),
        }
    }
}
