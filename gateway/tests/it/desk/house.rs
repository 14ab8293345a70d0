//! A desk with five people, and an owner of the shard who writes what a distributor would.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use gateway::Ports;
use gateway::api::{DeskConfig, DeskServer};
use gateway::auth::Auth;
use gateway::follow::SettingsFollower;
use gateway::view::View;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use model::desk::{
    Assigned, Body, Cause, Claimed, CommandRecord, Entity, Envelope, Event, Opened, Queued, Record,
    Settings, Stamped, Why, wire,
};
use model::id::{
    ChannelId, CommandId, ConversationId, GroupId, LaneId, MessageId, OperationId, ProtocolNumber,
    ShardId, UserId,
};
use model::people::{AgentRank, Cap, Membership, Operation, User, UserKind};
use model::place::Place;
use model::service::{Author, CloseReason, Content};
use model::time::{Clock, ManualClock, Timestamp};
use parking_lot::Mutex;
use serde_json::{Value, json};
use storage::engine::{EngineConfig, EngineKind, Engines, open};
use storage::port::{Bell, NewRecord, Partition, Topic};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::installation::{bodies, entities};

/// An agent of operation 1, in group 1.
pub(crate) const ANA: UserId = UserId(1);
/// Her colleague.
pub(crate) const BIA: UserId = UserId(2);
/// Their supervisor.
pub(crate) const SOL: UserId = UserId(3);
/// An agent of operation 2.
pub(crate) const ZOE: UserId = UserId(4);
/// Her supervisor.
pub(crate) const MAX: UserId = UserId(5);

/// The group everybody of operation 1 works in.
pub(crate) const SALES: GroupId = GroupId(1);

/// A running desk.
pub(crate) struct House {
    pub(crate) ports: Ports,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) view: Arc<View>,
    pub(crate) address: SocketAddr,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) serving: JoinHandle<()>,
    client: Client<HttpConnector, Full<Bytes>>,
    number: Mutex<u64>,
    _engines: Engines,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl House {
    /// A desk that serves, with its shard claimed and no events yet.
    pub(crate) async fn open() -> Self {
        Self::with(DeskConfig::default()).await
    }

    /// The same with another configuration; the address is always a free one.
    pub(crate) async fn with(config: DeskConfig) -> Self {
        let place = Place::new(2, 2).unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000)));
        let engine = EngineConfig { engine: EngineKind::Memory, ..EngineConfig::default() };
        let shared: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
        let engines = self::open(&engine, place, Arc::clone(&shared)).unwrap();
        let ports = Ports {
            log: Arc::clone(&engines.log),
            history: Arc::clone(&engines.history),
            directory: Arc::clone(&engines.directory),
            clock: shared,
            place,
        };
        let claim = Body::Claimed(Claimed { epoch: 1, attempt: 1 });
        append(&ports, Envelope { epoch: 1, ..envelope(&ports) }, claim);
        let settings = SettingsFollower::fixed(settings());
        let (stop, stopped) = watch::channel(false);
        let view = View::start(&ports, Arc::clone(&settings), stopped.clone()).unwrap();
        let listen = "127.0.0.1:0".parse().unwrap();
        let server = DeskServer::bind(&DeskConfig { listen, ..config }).unwrap();
        let address = server.local_addr();
        let served = server.serve(ports.clone(), settings, Arc::clone(&view), stopped);
        let serving = tokio::spawn(async { served.await.unwrap() });
        let client = Client::builder(TokioExecutor::new()).build_http();
        let number = Mutex::new(0);
        Self { ports, clock, view, address, stop, serving, client, number, _engines: engines }
    }

    /// A session's token.
    pub(crate) async fn token(&self, user: UserId) -> String {
        let auth = Auth::new(Arc::clone(&self.ports.directory), Arc::clone(&self.ports.clock));
        auth.open(user).await.unwrap().expose().to_owned()
    }

    /// Asks as a program does: with a bearer token, and JSON if there is a body.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        self.send(request.uri(self.url(path)).body(body).unwrap()).await
    }

    /// Reads.
    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        self.ask(Method::GET, path, token, None).await
    }

    /// Sends any request.
    pub(crate) async fn send(&self, request: Request<String>) -> Answer {
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let answer = self.client.request(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: head.status, headers: head.headers, body }
    }

    /// The address of `path`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Writes one record of these events, as the shard's owner; its offset.
    pub(crate) fn happen(&self, events: Vec<Event>) -> u64 {
        self.write(None, events)
    }

    /// Writes the record that answers a command.
    pub(crate) fn answer(&self, command: &CommandRecord, events: Vec<Event>) -> u64 {
        self.write(Some((command.user, command.id)), events)
    }

    /// Writes a record and waits until the view shows it.
    pub(crate) async fn show(&self, events: Vec<Event>) {
        let offset = self.happen(events);
        self.view.reached(shard(), offset).await;
    }

    /// Waits on a thread of its own until `topic` holds `count` commands, and answers the last.
    pub(crate) fn command(&self, topic: Topic, count: usize) -> JoinHandle<CommandRecord> {
        let ports = self.ports.clone();
        tokio::task::spawn_blocking(move || {
            let bell = Bell::new();
            for index in 0..topic.partitions(ports.place) {
                ports.log.watch(Partition::new(topic, index), &bell);
            }
            for _ in 0..200 {
                if let Some((_, Body::Command(last))) = bodies(&ports, topic).get(count - 1) {
                    return last.clone();
                }
                bell.wait(Duration::from_millis(100));
            }
            panic!("no command came")
        })
    }

    fn write(&self, answers: Option<(UserId, CommandId)>, what: Vec<Event>) -> u64 {
        let mut number = self.number.lock();
        *number += 1;
        let record = Record {
            lane: LaneId::FIRST,
            cause: Cause::Command(*number),
            answers,
            resume: Vec::new(),
            at: self.ports.clock.now(),
            input_at: None,
            events: what,
        };
        let envelope = Envelope { epoch: 1, number: *number, ..envelope(&self.ports) };
        append(&self.ports, envelope, Body::Record(record))
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.view.join();
    }
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The status and the problem's name.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let json = self.json();
        assert_eq!(json["status"], self.status.as_u16());
        assert!(json["title"].is_string() && json["detail"].is_string(), "{json}");
        let name = json["type"].as_str().unwrap().strip_prefix("urn:chasqui:problem:").unwrap();
        (self.status.as_u16(), name.to_owned())
    }
}

/// The shard of operation 1.
pub(crate) fn shard() -> ShardId {
    ShardId::new(1).unwrap()
}

/// A conversation of that shard.
pub(crate) fn conversation(counter: u64) -> ConversationId {
    ConversationId::new(shard(), LaneId::FIRST, counter).unwrap()
}

/// A conversation that comes into being.
pub(crate) fn opened(id: ConversationId) -> Event {
    Event::Opened(Opened {
        conversation: id,
        protocol: ProtocolNumber::new((2027, 1, 15), id),
        operation: OperationId(1),
        channel: ChannelId(1),
        address: format!("55119{:08}", id.counter()),
        name: format!("Customer {}", id.counter()),
    })
}

/// A customer's message.
pub(crate) fn received(id: ConversationId, seq: u32, text: &str) -> Event {
    Event::MessageReceived {
        message: MessageId { conversation: id, seq },
        provider_id: format!("wamid.{id}.{seq}"),
        sent_at: Timestamp::from_seconds(1_800_000_000),
        received_at: Timestamp::from_seconds(1_800_000_000),
        content: Content::Text(text.to_owned()),
    }
}

/// An agent's message.
pub(crate) fn sent(id: ConversationId, seq: u32, author: UserId, text: &str) -> Event {
    Event::MessageSent {
        message: MessageId { conversation: id, seq },
        author: Author::User(author),
        content: Content::Text(text.to_owned()),
    }
}

/// Into the queue of [`SALES`].
pub(crate) fn queued(id: ConversationId, seq: u32) -> Event {
    Event::Queued(Queued { conversation: id, seq, group: SALES, agent: None, key: 0 })
}

/// To an agent.
pub(crate) fn assigned(id: ConversationId, seq: u32, agent: UserId) -> Event {
    Event::Assigned(Assigned {
        conversation: id,
        seq,
        agent,
        group: SALES,
        cap: 5,
        gen_at_seat: 0,
        charge: 0,
        why: Why::FreedSeat,
        waited: Duration::ZERO,
    })
}

/// The end.
pub(crate) fn closed(id: ConversationId, seq: u32, by: UserId) -> Event {
    Event::Closed {
        conversation: id,
        seq,
        by: Author::User(by),
        reason: CloseReason::Agent,
        handled: Duration::ZERO,
    }
}

/// A conversation with one message, on its agent's screen.
pub(crate) fn begun(id: ConversationId, agent: UserId) -> Vec<Event> {
    vec![opened(id), received(id, 1, "hello"), assigned(id, 2, agent)]
}

/// `text` as a message's body.
pub(crate) fn text(text: &str) -> Option<Value> {
    Some(json!({ "text": text }))
}

/// Appends to the shard's `events`; the memory engine answers at once.
fn append(ports: &Ports, envelope: Envelope, body: Body) -> u64 {
    let partition = Partition::new(Topic::Events, u32::from(shard().get()));
    let bytes = wire::encode(&Stamped { envelope, body });
    let mut appending = ports.log.append(vec![NewRecord { partition, bytes }]);
    appending.try_answer().unwrap().unwrap()[0]
}

fn envelope(ports: &Ports) -> Envelope {
    Envelope::of_input(ports.clock.now())
}

fn settings() -> Settings {
    let mut settings = Settings::default();
    for entity in entities("http://127.0.0.1:9") {
        settings.apply(entity).unwrap();
    }
    let elsewhere = Operation {
        id: OperationId(2),
        version: 1,
        name: "elsewhere".to_owned(),
        shard: shard(),
        zone: "America/Sao_Paulo".to_owned(),
    };
    settings.apply(Entity::Operation(elsewhere)).unwrap();
    let people = [
        (ANA, "ana", UserKind::Agent, 1),
        (BIA, "bia", UserKind::Agent, 1),
        (SOL, "sol", UserKind::Supervisor, 1),
        (ZOE, "zoe", UserKind::Agent, 2),
        (MAX, "max", UserKind::Supervisor, 2),
    ];
    for (id, login, kind, operation) in people {
        settings.apply(Entity::User(user(id, login, kind, operation))).unwrap();
    }
    settings
}

fn user(id: UserId, login: &str, kind: UserKind, operation: u32) -> User {
    let member = (operation == 1).then_some(Membership { group: SALES, receives: true });
    User {
        id,
        version: 1,
        operation: OperationId(operation),
        login: login.to_owned(),
        name: login.to_uppercase(),
        kind,
        active: true,
        groups: member.into_iter().collect(),
        cap: Cap::new(5).unwrap(),
        rank: AgentRank::default(),
    }
}
