//! WhatsApp Cloud API, simulated: takes sends, answers as Meta does, sends receipts back.
//!
//! It knows nothing of the product but what Meta would: a phone number id, a bearer token, the
//! webhook's address and the app secret.

mod graph;
mod receipts;
mod record;
pub mod webhook;

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use model::limit;
use model::service::{ReceiptStatus, Secret};
use model::time::Clock;
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::random::{Evenly, Random};
use graph::{Asked, GraphError};
pub use receipts::ReceiptTarget;
use receipts::Receipts;
use record::Ring;
pub use record::{AcceptedSend, ProviderProgress, ProviderRecord};
use webhook::StatusUpdate;

/// How the simulator behaves.
#[derive(Clone, Debug)]
pub struct SimulatorPlan {
    /// Where to listen; port 0 takes any free port.
    pub listen: SocketAddr,
    /// The bearer token of each phone number id.
    pub tokens: BTreeMap<String, Secret>,
    /// The share of sends answered 429 or 5xx, half each, `0.0..=1.0`.
    pub refused_share: f64,
    /// The share of receipts sent out of order, `0.0..=0.33`.
    pub reordered_share: f64,
    /// Accepted sends kept; older ones are forgotten.
    pub keep: usize,
    /// What its choices follow from.
    pub seed: u64,
}

/// A running simulator. It stops when the last handle is dropped.
#[derive(Clone)]
pub struct Simulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: Arc<watch::Sender<bool>>,
}

struct Shared {
    plan: SimulatorPlan,
    clock: Arc<dyn Clock>,
    receipts: Arc<Receipts>,
    state: Mutex<State>,
}

struct State {
    random: Random,
    refused: Evenly,
    ring: Ring,
    throttled: u64,
    failed: u64,
    wrong: u64,
    print: Option<Box<dyn Write + Send>>,
}

impl SimulatorPlan {
    /// Sends kept by default: enough for a long run, a bound all the same.
    pub const KEEP: usize = 4_000_000;

    /// A simulator that misbehaves as the world does: 2 % of sends refused, 2 % of receipts out
    /// of order.
    pub fn new(listen: SocketAddr, tokens: BTreeMap<String, Secret>) -> Self {
        let (refused_share, reordered_share) = (0.02, 0.02);
        Self { listen, tokens, refused_share, reordered_share, keep: Self::KEEP, seed: 1 }
    }

    /// A simulator that never refuses and keeps receipts in order.
    pub fn well_behaved(listen: SocketAddr, tokens: BTreeMap<String, Secret>) -> Self {
        Self { refused_share: 0.0, reordered_share: 0.0, ..Self::new(listen, tokens) }
    }
}

impl Simulator {
    /// Binds and serves on the current runtime. Each accepted send is also written to `print`,
    /// one line each, when given. Receipts wait until [`Self::deliver_to`] says where to.
    pub async fn start(
        plan: SimulatorPlan,
        clock: Arc<dyn Clock>,
        print: Option<Box<dyn Write + Send>>,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(plan.listen).await?;
        let address = listener.local_addr()?;
        let random = Random::new(plan.seed, 11);
        let receipts = Receipts::new(Arc::clone(&clock), random, plan.reordered_share);
        let receipts = Arc::new(receipts);
        let state = State {
            random: Random::new(plan.seed, 12),
            refused: Evenly::new(plan.refused_share),
            ring: Ring::new(plan.keep),
            throttled: 0,
            failed: 0,
            wrong: 0,
            print,
        };
        let stop = Arc::new(watch::Sender::new(false));
        tokio::spawn(Arc::clone(&receipts).pump(stop.subscribe()));
        let shared = Arc::new(Shared { plan, clock, receipts, state: Mutex::new(state) });
        tokio::spawn(accept(listener, Arc::clone(&shared), stop.subscribe()));
        Ok(Self { shared, address, stop })
    }

    /// Where it listens.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Its base URL, without a trailing slash: a channel's `provider_url`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where receipts go from now on.
    pub fn deliver_to(&self, target: ReceiptTarget) {
        self.shared.receipts.aim(target);
    }

    /// How far it is: cheap.
    pub fn progress(&self) -> ProviderProgress {
        let receipts_due = self.shared.receipts.waiting();
        let ring = &self.shared.state.lock().ring;
        let distinct = ring.accepted - ring.repeated;
        ProviderProgress { accepted: ring.accepted, distinct, receipts_due }
    }

    /// Everything it saw and did.
    pub fn record(&self) -> ProviderRecord {
        let receipts = self.shared.receipts.counts();
        let receipts_due = self.shared.receipts.waiting();
        let state = self.shared.state.lock();
        ProviderRecord {
            sends: state.ring.sends.iter().cloned().collect(),
            forgotten: state.ring.forgotten(),
            throttled: state.throttled,
            failed: state.failed,
            wrong: state.wrong,
            receipts: receipts.taken,
            receipts_reordered: receipts.reordered,
            receipt_retries: receipts.retries,
            receipts_due,
            receipts_dropped: receipts.dropped,
        }
    }

    /// Stops listening and sending.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    loop {
        let stream = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = stream else {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        tokio::spawn(connection(stream, Arc::clone(&shared), stop.clone()));
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    // Latency only: a connection without it still works.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, std::convert::Infallible>(shared.answer(request).await) }
    });
    let serving = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => {}
        // A broken connection is its peer's affair.
        _ = serving => {}
    }
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        if (request.method(), request.uri().path()) == (&Method::GET, "/sent") {
            return self.list();
        }
        match self.send(request).await {
            Ok(body) => response(StatusCode::OK, body.to_string()),
            Err(error) => response(error.status, error.body().to_string()),
        }
    }

    fn list(&self) -> Response<Full<Bytes>> {
        let state = self.state.lock();
        let sends: Vec<&AcceptedSend> = state.ring.sends.iter().collect();
        match serde_json::to_string(&sends) {
            Ok(body) => response(StatusCode::OK, body),
            Err(_) => response(StatusCode::INTERNAL_SERVER_ERROR, String::new()),
        }
    }

    async fn send(&self, request: Request<Incoming>) -> Result<serde_json::Value, GraphError> {
        let (head, body) = request.into_parts();
        let account = graph::account_of(head.uri.path());
        let account = account.filter(|_| head.method == Method::POST).ok_or(GraphError::PATH);
        let account = self.counted(account)?;
        let token = head.headers.get("authorization").and_then(|value| value.to_str().ok());
        self.counted(self.authorize(account, token))?;
        let body = Limited::new(body, limit::API_BODY_BYTES).collect().await;
        let bytes = body.map(|body| body.to_bytes()).unwrap_or_default();
        match self.counted(graph::read(&bytes))? {
            Asked::MarkRead => Ok(serde_json::json!({"success": true})),
            Asked::Text { to, text, own_id } => self.take(account, to, text, own_id),
        }
    }

    fn counted<T>(&self, result: Result<T, GraphError>) -> Result<T, GraphError> {
        if result.is_err() {
            self.state.lock().wrong += 1;
        }
        result
    }

    fn authorize(&self, account: &str, header: Option<&str>) -> Result<(), GraphError> {
        let token = header.and_then(|header| header.strip_prefix("Bearer "));
        let known = self.plan.tokens.get(account).map(Secret::expose);
        if token.is_some() && token == known { Ok(()) } else { Err(GraphError::TOKEN) }
    }

    fn take(
        &self,
        account: &str,
        to: String,
        text: String,
        own_id: Option<String>,
    ) -> Result<serde_json::Value, GraphError> {
        let mut state = self.state.lock();
        if let Some(refusal) = state.refuse() {
            return Err(refusal);
        }
        let at = self.clock.now();
        // The time keeps the ids of one simulator's run apart from the next run's.
        let number = state.ring.accepted + 1;
        let provider_id = format!("wamid.SIM{:X}N{number:X}", at.as_micros());
        let answer = graph::accepted(&to, &provider_id);
        let account = account.to_owned();
        let update = StatusUpdate {
            account: account.clone(),
            address: to.clone(),
            provider_id: provider_id.clone(),
            own_id: own_id.clone(),
            status: ReceiptStatus::Sent,
            at,
        };
        state.print(&to, &text);
        let repeated = false;
        state.ring.push(AcceptedSend { own_id, provider_id, account, to, text, at, repeated });
        drop(state);
        self.receipts.plan(&update);
        Ok(answer)
    }
}

impl State {
    fn refuse(&mut self) -> Option<GraphError> {
        if !self.refused.happens(&mut self.random) {
            return None;
        }
        if self.random.happens(0.5) {
            self.throttled += 1;
            return Some(GraphError::THROTTLED);
        }
        self.failed += 1;
        Some(GraphError::FAILED)
    }

    fn print(&mut self, to: &str, text: &str) {
        if let Some(out) = &mut self.print {
            // A closed terminal does not stop the simulator.
            let _ = writeln!(out, "simulator: to {to}: {text}").and_then(|()| out.flush());
        }
    }
}

fn response(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let json = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, json);
    response
}
