use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_ENCODING, HeaderMap};
use hyper::{Method, Request, Response};
use metrics::Gauge;
use model::id::EndpointName;
use model::limit;
use model::service::ChannelKind;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::IngestConfig;
use super::body::{self, Held, Pace};
use super::reply::Reply;
use crate::Ports;
use crate::connector::{Element, whatsapp};
use crate::follow::SettingsFollower;
use crate::ingest::Ingest;
use crate::metric::ListenerMeter;
use crate::secret::Secrets;

/// What answers requests; shared by all threads.
pub(super) struct Service {
    pub(super) config: IngestConfig,
    pub(super) meter: ListenerMeter,
    ports: Ports,
    settings: Arc<SettingsFollower>,
    secrets: Secrets,
    ingest: Ingest,
    connections: Arc<Semaphore>,
    in_flight: Arc<Semaphore>,
    bodies: Arc<Semaphore>,
}

/// A request's part of what may be in work at once.
struct Slot {
    _permit: OwnedSemaphorePermit,
    in_flight: Gauge,
}

/// A request that names an endpoint of ours.
struct Call {
    endpoint: EndpointName,
    _slot: Slot,
}

impl Service {
    pub(super) fn new(config: IngestConfig, ports: Ports, settings: Arc<SettingsFollower>) -> Self {
        Self {
            connections: Arc::new(Semaphore::new(config.connections.get() as usize)),
            in_flight: Arc::new(Semaphore::new(config.in_flight.get() as usize)),
            bodies: Arc::new(Semaphore::new(limit::INGEST_BODIES_BYTES)),
            secrets: Secrets::new(Arc::clone(&ports.directory), Arc::clone(&ports.clock)),
            ingest: Ingest::new(ports.clone(), Arc::clone(&settings)),
            meter: ListenerMeter::new(),
            config,
            ports,
            settings,
        }
    }

    /// A connection's place, if there is one left.
    pub(super) fn connection(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.connections).try_acquire_owned().ok()
    }

    /// Waits until no connection is open and nothing is in work. Only once accepting has ended.
    pub(super) async fn idle(&self) {
        // First the connections: a request on one of them still needs its place in work.
        drop(self.connections.acquire_many(self.config.connections.get()).await);
        drop(self.in_flight.acquire_many(self.config.in_flight.get()).await);
    }

    /// Answers one request. Never fails: every trouble has its status.
    pub(super) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let began = self.ports.clock.now();
        let (kind, reply) = match self.slot() {
            Some(slot) => self.route(request, slot).await,
            None => (None, Reply::Busy),
        };
        self.meter.answered(kind, reply.status().as_u16());
        self.meter.seconds.record(self.ports.clock.now().since(began));
        Ok(reply.into_response())
    }

    fn slot(&self) -> Option<Slot> {
        let permit = Arc::clone(&self.in_flight).try_acquire_owned().ok()?;
        let in_flight = self.meter.in_flight.clone();
        in_flight.increment(1.0);
        Some(Slot { _permit: permit, in_flight })
    }

    async fn route(
        self: &Arc<Self>,
        request: Request<Incoming>,
        slot: Slot,
    ) -> (Option<ChannelKind>, Reply) {
        let Some((endpoint, kind)) = self.endpoint(request.uri().path()) else {
            return (None, Reply::NotFound);
        };
        let call = Call { endpoint, _slot: slot };
        let reply = match *request.method() {
            Method::GET => self.handshake(&call, request.uri().query().unwrap_or_default()).await,
            Method::POST => self.webhook(call, request).await,
            _ => Reply::NotAllowed,
        };
        (Some(kind), reply)
    }

    /// The endpoint of `/webhooks/{endpoint}`, if it is configured and its connector is built.
    fn endpoint(&self, path: &str) -> Option<(EndpointName, ChannelKind)> {
        let name: EndpointName = path.strip_prefix("/webhooks/")?.parse().ok()?;
        let kind = self.settings.current().endpoints.get(&name)?.kind;
        (kind == ChannelKind::Whatsapp).then_some((name, kind))
    }

    async fn handshake(&self, call: &Call, query: &str) -> Reply {
        match self.secrets.endpoint(&call.endpoint).await {
            Ok(Some(keys)) => match whatsapp::challenge(query, &keys.verify_token) {
                whatsapp::Handshake::Challenge(text) => Reply::Challenge(text),
                whatsapp::Handshake::Refused => Reply::Forbidden,
            },
            Ok(None) => Reply::Forbidden,
            Err(error) => {
                tracing::error!(%error, endpoint = %call.endpoint, "no secrets to check with");
                Reply::Busy
            }
        }
    }

    /// Reads the body here, where it ends with the connection; judges it in a task of its own,
    /// which goes on to the end when the caller hangs up.
    async fn webhook(self: &Arc<Self>, call: Call, request: Request<Incoming>) -> Reply {
        let (head, body) = request.into_parts();
        if is_encoded(&head.headers) {
            return Reply::Encoded;
        }
        let pace = Pace { idle: self.config.body_idle.0, whole: self.config.body_wait.0 };
        let held = match body::read(body, pace, &self.bodies).await {
            Ok(held) => held,
            Err(reply) => return reply,
        };
        let service = Arc::clone(self);
        let judged =
            tokio::spawn(async move { service.judge(&call, &head.headers, held).await }).await;
        judged.unwrap_or_else(|error| {
            tracing::error!(%error, "a webhook's handler panicked");
            Reply::Broken
        })
    }

    async fn judge(&self, call: &Call, headers: &HeaderMap, held: Held) -> Reply {
        let keys = match self.secrets.endpoint(&call.endpoint).await {
            Ok(keys) => keys,
            Err(error) => {
                tracing::error!(%error, endpoint = %call.endpoint, "no secrets to check with");
                return Reply::Busy;
            }
        };
        let claimed: Vec<&[u8]> =
            headers.get_all(SIGNATURE).iter().map(|value| value.as_bytes()).collect();
        if !keys.is_some_and(|keys| keys.signatures.verify(&held.bytes, &claimed)) {
            self.meter.signature_failures.increment(1);
            return Reply::Unsigned;
        }
        let elements = self.parse(call, &held.bytes);
        match self.ingest.take(&elements).await {
            Ok(()) => Reply::Taken,
            Err(error) => {
                tracing::warn!(%error, endpoint = %call.endpoint, "a webhook was not taken");
                Reply::Busy
            }
        }
    }

    fn parse(&self, call: &Call, body: &Bytes) -> Vec<Element> {
        let settings = self.settings.current();
        let source = whatsapp::Source {
            settings: &settings,
            endpoint: &call.endpoint,
            received_at: self.ports.clock.now(),
        };
        let elements = whatsapp::parse(&source, body);
        let dead = elements.iter().filter(|element| matches!(element, Element::Dead(_))).count();
        if dead > 0 {
            tracing::warn!(endpoint = %call.endpoint, dead, "a webhook held what we cannot handle");
        }
        elements
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.in_flight.decrement(1.0);
    }
}

/// Meta's header: HMAC-SHA256 over the raw body.
const SIGNATURE: &str = "x-hub-signature-256";

/// Nobody signs compressed bytes to us; refusing them is cheaper than bounding what they become.
fn is_encoded(headers: &HeaderMap) -> bool {
    let plain = |value: &[u8]| value.eq_ignore_ascii_case(b"identity");
    headers.get_all(CONTENT_ENCODING).iter().any(|value| !plain(value.as_bytes()))
}
