//! Faults put into the server on purpose, so that the demo's audit can show that it bites.
//!
//! Each is a decorator around the log: the code that serves customers has no switch for it.

mod faults;
#[cfg(debug_assertions)]
mod hold;
#[cfg(debug_assertions)]
mod trap;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use clap::ValueEnum;
use model::desk::{Body, Entity, Inbound, Stamped, wire};
use model::id::ChannelId;
use model::people::Cap;
use parking_lot::Mutex;
use storage::port::{
    Appending, Bell, Log, LogError, Logged, NewRecord, Offset, Partition, Reader, Topic,
};

pub use faults::Faults;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sabotage {
    /// Some customer messages are acknowledged and never written.
    Lose,
    /// Some customer messages are written a second time under another id.
    Duplicate,
    /// Some customer messages are written after the same customer's next one.
    Reorder,
    /// Agents' caps are read as higher than they are.
    Overcap,
}

/// One in so many customer messages is lost.
const LOSE_EVERY: u64 = 200;
/// One in so many customer messages is written twice.
const DUPLICATE_EVERY: u64 = 100;
/// One in so many customer messages is held back.
const REORDER_EVERY: u64 = 20;
/// So many are held back in all, early in a run: none is still held at its end.
const REORDER_MOST: u64 = 25;
/// Records of any topic after which a held message is let go, its customer's next or not.
const HELD_RECORDS: u64 = 600;
/// How much higher caps are read.
const CAP_EXCESS: u32 = 5;

/// A log with a fault.
pub struct Sabotaged {
    inner: Arc<dyn Log>,
    kind: Sabotage,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    records: u64,
    inbound: u64,
    /// Held messages, with the count of records at which each is let go.
    held: BTreeMap<(ChannelId, String), (u64, NewRecord)>,
}

impl Sabotaged {
    /// `inner` with the fault `kind`.
    pub fn new(inner: Arc<dyn Log>, kind: Sabotage) -> Self {
        Self { inner, kind, state: Mutex::default() }
    }
}

impl Log for Sabotaged {
    fn append(&self, records: Vec<NewRecord>) -> Appending {
        let asked = records.len();
        let mut state = self.state.lock();
        let written = records.into_iter().flat_map(|r| state.distort(self.kind, r)).collect();
        let let_go = state.let_go();
        drop(state);
        if !let_go.is_empty() {
            // Nobody waits for it: its customer was told long ago that all went well.
            drop(self.inner.append(let_go));
        }
        self.append_as(asked, written)
    }

    fn read(
        &self,
        partition: Partition,
        from: Offset,
        max_bytes: usize,
        out: &mut Vec<Logged>,
    ) -> Result<(), LogError> {
        let known = out.len();
        self.inner.read(partition, from, max_bytes, out)?;
        if self.kind == Sabotage::Overcap && partition == Partition::SETTINGS {
            out.iter_mut().skip(known).for_each(raise_cap);
        }
        Ok(())
    }

    fn bounds(&self, partition: Partition) -> Result<Range<Offset>, LogError> {
        self.inner.bounds(partition)
    }

    fn release(&self, reader: Reader, partition: Partition, offset: Offset) {
        self.inner.release(reader, partition, offset);
    }

    fn watch(&self, partition: Partition, bell: &Arc<Bell>) {
        self.inner.watch(partition, bell);
    }

    fn health(&self) -> Result<(), LogError> {
        self.inner.health()
    }
}

impl Sabotaged {
    /// Appends what is left and answers for what was asked, truthful or not.
    fn append_as(&self, asked: usize, written: Vec<NewRecord>) -> Appending {
        if written.len() == asked {
            return self.inner.append(written);
        }
        if !written.is_empty() {
            // Fire and forget: the caller is told that all went well in any case.
            drop(self.inner.append(written));
        }
        Appending::answered(Ok(vec![0; asked]))
    }
}

impl State {
    /// What is written in place of `record`, in order.
    fn distort(&mut self, kind: Sabotage, record: NewRecord) -> Vec<NewRecord> {
        self.records += 1;
        if record.partition.topic != Topic::Inbound {
            return vec![record];
        }
        self.inbound += 1;
        let due = |every: u64| self.inbound.is_multiple_of(every);
        match kind {
            Sabotage::Lose if due(LOSE_EVERY) => Vec::new(),
            Sabotage::Duplicate if due(DUPLICATE_EVERY) => {
                let copy = renamed(&record);
                std::iter::once(record).chain(copy).collect()
            }
            Sabotage::Reorder => {
                let early = self.inbound <= REORDER_EVERY * REORDER_MOST;
                self.reorder(early && due(REORDER_EVERY), record)
            }
            _ => vec![record],
        }
    }

    fn reorder(&mut self, hold: bool, record: NewRecord) -> Vec<NewRecord> {
        let Some(contact) = contact_of(&record) else { return vec![record] };
        if let Some((_, earlier)) = self.held.remove(&contact) {
            return vec![record, earlier];
        }
        if hold {
            self.held.insert(contact, (self.records + HELD_RECORDS, record));
            return Vec::new();
        }
        vec![record]
    }

    /// Messages that were held long enough for their customer's next.
    fn let_go(&mut self) -> Vec<NewRecord> {
        let now = self.records;
        let due = self.held.extract_if(.., |_, (until, _)| *until <= now);
        due.map(|(_, (_, record))| record).collect()
    }
}

fn inbound_of(record: &NewRecord) -> Option<(Stamped, Inbound)> {
    let stamped = wire::decode(&record.bytes).ok()?;
    match &stamped.body {
        Body::Inbound(inbound) => Some((stamped.clone(), inbound.clone())),
        _ => None,
    }
}

fn contact_of(record: &NewRecord) -> Option<(ChannelId, String)> {
    inbound_of(record).map(|(_, inbound)| (inbound.channel, inbound.address))
}

fn renamed(record: &NewRecord) -> Option<NewRecord> {
    let (stamped, mut inbound) = inbound_of(record)?;
    inbound.provider_id.push_str(".twin");
    let bytes = wire::encode(&Stamped { body: Body::Inbound(inbound), ..stamped });
    Some(NewRecord { partition: record.partition, bytes })
}

fn raise_cap(logged: &mut Logged) {
    let Ok(stamped) = wire::decode(&logged.bytes) else { return };
    let Body::Entity(Entity::User(mut user)) = stamped.body else { return };
    if let Ok(cap) = Cap::new(u32::from(user.cap.get()) + CAP_EXCESS) {
        user.cap = cap;
    }
    let body = Body::Entity(Entity::User(user));
    logged.bytes = wire::encode(&Stamped { envelope: stamped.envelope, body });
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use model::desk::Envelope;
    use model::service::Content;
    use model::time::Timestamp;

    use super::*;

    fn message(number: u64) -> NewRecord {
        let at = Timestamp::default();
        let inbound = Inbound {
            channel: ChannelId(1),
            address: "5511".to_owned(),
            name: String::new(),
            provider_id: number.to_string(),
            sent_at: at,
            received_at: at,
            content: Content::Text(String::new()),
        };
        let stamped = Stamped { envelope: Envelope::of_input(at), body: Body::Inbound(inbound) };
        let partition = Partition::new(Topic::Inbound, 0);
        NewRecord { partition, bytes: wire::encode(&stamped) }
    }

    fn written(kind: Sabotage, count: u64) -> Vec<String> {
        let mut state = State::default();
        let records = (1..=count).flat_map(|n| state.distort(kind, message(n)));
        records.map(|record| inbound_of(&record).unwrap().1.provider_id).collect()
    }

    #[test]
    fn each_fault_does_what_it_says() {
        let lost = written(Sabotage::Lose, LOSE_EVERY);
        assert_eq!(lost.len() as u64, LOSE_EVERY - 1);
        let doubled = written(Sabotage::Duplicate, DUPLICATE_EVERY);
        assert_eq!(doubled.last().unwrap(), &format!("{DUPLICATE_EVERY}.twin"));
        let moved = written(Sabotage::Reorder, REORDER_EVERY + 1);
        let last: Vec<&str> = moved.iter().rev().take(2).map(String::as_str).collect();
        assert_eq!(last, [REORDER_EVERY.to_string(), (REORDER_EVERY + 1).to_string()]);
        assert_eq!(moved.len() as u64, REORDER_EVERY + 1);
    }

    #[test]
    fn a_held_message_is_let_go_when_its_customer_writes_no_more() {
        let mut state = State::default();
        for n in 1..=REORDER_EVERY {
            state.distort(Sabotage::Reorder, message(n));
        }
        assert_eq!((state.held.len(), state.let_go().len()), (1, 0));
        state.records += HELD_RECORDS;
        assert_eq!((state.let_go().len(), state.held.len()), (1, 0));
    }

    #[test]
    fn other_topics_are_left_alone() {
        let mut state = State::default();
        let bytes = Bytes::from_static(b"x");
        let record = NewRecord { partition: Partition::new(Topic::Commands, 0), bytes };
        for _ in 0..LOSE_EVERY {
            assert_eq!(
                state.distort(Sabotage::Lose, record.clone()),
                std::slice::from_ref(&record)
            );
        }
    }
}
