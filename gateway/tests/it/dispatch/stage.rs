//! A shard's `events`, written by the test as its owner would, and a dispatcher on them.

use std::sync::Arc;
use std::time::Duration;

use gateway::Ports;
use gateway::dispatch::{Dispatch, DispatchConfig};
use gateway::follow::SettingsFollower;
use model::desk::{
    Body, Cause, Claimed, Envelope, Event, Opened, Outcome, Record, Resume, SendResult,
};
use model::id::{
    ChannelId, ConversationId, LaneId, MessageId, OperationId, ProtocolNumber, ShardId,
};
use model::service::{Author, Content};
use model::time::Timestamp;
use model::unit::Period;
use storage::port::{Partition, Topic};
use tokio::sync::watch;

use crate::installation::{append, installation, wait_for};

/// The installation, its shard 1 claimed, and perhaps a dispatcher.
pub(crate) struct Stage {
    pub(crate) ports: Ports,
    settings: Arc<SettingsFollower>,
    number: u64,
    running: Option<(watch::Sender<bool>, Dispatch)>,
}

/// Conversation `n` of lane `n mod 2` of shard 1.
pub(crate) fn conversation(n: u64) -> ConversationId {
    let lane = LaneId::new(u8::from(n % 2 == 1)).unwrap();
    ConversationId::new(ShardId::new(1).unwrap(), lane, n).unwrap()
}

impl Stage {
    /// Nothing but the claim in `events`.
    pub(crate) fn new(provider_url: &str) -> Self {
        let installation = installation(provider_url);
        let (ports, settings) = (installation.ports, installation.settings);
        let claimed = Body::Claimed(Claimed { epoch: 1, attempt: 1 });
        let envelope = Envelope { epoch: 1, ..Envelope::of_input(Timestamp::default()) };
        append(&ports, Partition::new(Topic::Events, 1), envelope, claimed);
        Self { ports, settings, number: 0, running: None }
    }

    /// Starts a dispatcher, impatient as tests are.
    pub(crate) fn start(&mut self) {
        self.start_with(|_| {});
    }

    /// The same with another configuration.
    pub(crate) fn start_with(&mut self, change: impl FnOnce(&mut DispatchConfig)) {
        let short = Period(Duration::from_millis(1));
        let mut config = DispatchConfig {
            rate_per_second: 100_000.try_into().unwrap(),
            retry_wait: short,
            retry_most: short,
            stopped_wait: short,
            ..DispatchConfig::default()
        };
        change(&mut config);
        let (stop, stopped) = watch::channel(false);
        let (ports, settings) = (self.ports.clone(), Arc::clone(&self.settings));
        let dispatch = Dispatch::start(ports, settings, config, stopped).unwrap();
        self.running = Some((stop, dispatch));
    }

    /// Says stop.
    pub(crate) fn say_stop(&self) {
        if let Some((stop, _)) = &self.running {
            stop.send_replace(true);
        }
    }

    /// Says stop and waits for the drain.
    pub(crate) fn stop(&mut self) {
        self.say_stop();
        if let Some((_, dispatch)) = self.running.take() {
            dispatch.join();
        }
    }

    /// One record of the shard's owner.
    pub(crate) fn record(&mut self, events: Vec<Event>, resume: Vec<Resume>) {
        self.record_at(self.ports.clock.now(), events, resume);
    }

    /// The same, as if at another time.
    fn record_at(&mut self, at: Timestamp, events: Vec<Event>, resume: Vec<Resume>) {
        self.number += 1;
        let record = Record {
            lane: LaneId::FIRST,
            cause: Cause::Inbound(self.number),
            answers: None,
            resume,
            at,
            input_at: None,
            events,
        };
        let envelope = Envelope { epoch: 1, number: self.number, ..Envelope::of_input(at) };
        append(&self.ports, Partition::new(Topic::Events, 1), envelope, Body::Record(record));
    }

    /// Conversation `n` begins on `channel`, with a contact of its own.
    pub(crate) fn open(&mut self, n: u64, channel: u32) {
        let id = conversation(n);
        let opened = Event::Opened(Opened {
            conversation: id,
            protocol: ProtocolNumber::new((2026, 1, 1), id),
            operation: OperationId(1),
            channel: ChannelId(channel),
            address: format!("55{n}"),
            name: String::new(),
        });
        self.record(vec![opened], Vec::new());
    }

    /// A message to the contact of conversation `n` is decided.
    pub(crate) fn say(&mut self, n: u64, seq: u32) -> MessageId {
        self.say_content(n, seq, Content::Text(format!("{n}/{seq}")))
    }

    /// The same, of any content.
    pub(crate) fn say_content(&mut self, n: u64, seq: u32, content: Content) -> MessageId {
        let message = MessageId { conversation: conversation(n), seq };
        let sent = Event::MessageSent { message, author: Author::Flow, content };
        self.record(vec![sent], Vec::new());
        message
    }

    /// The same, decided `ago`.
    pub(crate) fn say_long_ago(&mut self, n: u64, seq: u32, ago: Duration) -> MessageId {
        let message = MessageId { conversation: conversation(n), seq };
        let content = Content::Text(format!("{n}/{seq}"));
        let sent = Event::MessageSent { message, author: Author::Flow, content };
        let at = self.ports.clock.now() - ago;
        self.record_at(at, vec![sent], Vec::new());
        message
    }

    /// Messages 1 to `count` to the contact of conversation `n`, a thousand a record.
    pub(crate) fn say_many(&mut self, n: u64, count: u32) {
        let sent = |seq| Event::MessageSent {
            message: MessageId { conversation: conversation(n), seq },
            author: Author::Flow,
            content: Content::Text("hi".to_owned()),
        };
        let all: Vec<u32> = (1..=count).collect();
        for seqs in all.chunks(1_000) {
            self.record(seqs.iter().copied().map(sent).collect(), Vec::new());
        }
    }

    /// Waits for `count` outcomes in `commands`.
    pub(crate) fn outcomes(&self, count: usize) -> Vec<Outcome> {
        let outcome = |(partition, body): (Partition, Body)| match body {
            Body::Outcome(outcome) => {
                let home = self.ports.place.of_conversation(outcome.conversation());
                assert_eq!(partition.index, home.index(), "in its conversation's lane");
                outcome
            }
            other => panic!("{other:?}"),
        };
        wait_for(&self.ports, Topic::Commands, count).into_iter().map(outcome).collect()
    }

    /// The only outcome there will be.
    pub(crate) fn outcome(&self) -> Outcome {
        let mut found = self.outcomes(1);
        assert_eq!(found.len(), 1);
        found.remove(0)
    }

    /// The provider's answer, appended as an earlier dispatcher did.
    pub(crate) fn answer(&self, message: MessageId) -> u64 {
        let (result, at) = (Self::accepted(message), Timestamp::default());
        let home = self.ports.place.of_conversation(message.conversation);
        let body = Body::Outcome(Outcome { message, result, at, tries: 1 });
        let partition = Partition::new(Topic::Commands, home.index());
        append(&self.ports, partition, Envelope::of_input(at), body)
    }

    /// What the test's provider makes of `message`.
    pub(crate) fn accepted(message: MessageId) -> SendResult {
        SendResult::Accepted { provider_id: format!("wamid.{message}") }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop();
    }
}
