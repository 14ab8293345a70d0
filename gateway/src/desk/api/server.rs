use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use model::limit;
use model::unit::Period;
use serde::{Deserialize, Serialize};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

use crate::Ports;
use crate::auth::Auth;
use crate::follow::SettingsFollower;
use crate::http::accept::{Host, accept, stopped};
use crate::live::Live;
use crate::metric::DeskMeter;
use crate::view::View;

use super::key::Keys;
use super::problem::Problem;
use super::route;

/// The desk's part of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeskConfig {
    /// Where the API, the sockets and the console are.
    pub listen: SocketAddr,
    /// Whether the session's cookie is for HTTPS only: on, wherever a proxy speaks TLS for us.
    pub secure_cookie: bool,
    /// Connections open at once beside the sockets; a further one is answered 503.
    pub connections: NonZeroU32,
    /// How long a request's head may take, and how long a connection may be idle.
    pub head_wait: Period,
    /// How long a request's body may take.
    pub body_wait: Period,
}

/// The desk's listener: bound early, so that a port in use is found before anything starts, and
/// served last.
#[derive(Debug)]
pub struct DeskServer {
    listener: TcpListener,
    address: SocketAddr,
    config: DeskConfig,
}

/// Why the desk could not be served.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The address cannot be listened at.
    #[error("the desk cannot listen at {listen}")]
    Bind {
        /// The address.
        listen: SocketAddr,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The listener failed.
    #[error("the desk's listener failed")]
    Listen {
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

/// What every handler is given.
pub(crate) struct Desk {
    pub(crate) ports: Ports,
    pub(crate) settings: Arc<SettingsFollower>,
    pub(crate) view: Arc<View>,
    pub(crate) auth: Arc<Auth>,
    pub(crate) live: Live,
    pub(crate) keys: Keys,
    pub(crate) secure_cookie: bool,
    pub(crate) body_wait: Duration,
    places: Semaphore,
    meter: DeskMeter,
}

/// The router, and the connections it is served on.
struct Door {
    router: Router,
    desk: Arc<Desk>,
    config: DeskConfig,
    places: Arc<Semaphore>,
}

impl Default for DeskConfig {
    fn default() -> Self {
        let connections = u32::try_from(limit::DESK_CONNECTIONS).ok().and_then(NonZeroU32::new);
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8081)),
            secure_cookie: false,
            connections: connections.unwrap_or(NonZeroU32::MIN),
            // Longer than proxies keep an idle connection by default, so that they close first.
            head_wait: Period(Duration::from_secs(75)),
            body_wait: Period(Duration::from_secs(30)),
        }
    }
}

impl DeskServer {
    /// Takes the address; nobody is served yet, but may already connect.
    pub fn bind(config: &DeskConfig) -> Result<Self, DeskError> {
        let listen = config.listen;
        let bound = bind(listen).and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = bound.map_err(|source| DeskError::Bind { listen, source })?;
        Ok(Self { listener, address, config: config.clone() })
    }

    /// The address in use: the port, where the configuration left it open.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves from when the view has caught up until `stop`; then requests in work are answered and
    /// sockets closed with 1001. What is not over within [`limit::DRAIN_LISTENER`] is abandoned.
    pub async fn serve(
        self,
        ports: Ports,
        settings: Arc<SettingsFollower>,
        view: Arc<View>,
        stop: watch::Receiver<bool>,
    ) -> Result<(), DeskError> {
        let listener = tokio::net::TcpListener::from_std(self.listener)
            .map_err(|source| DeskError::Listen { source })?;
        let mut early = stop.clone();
        tokio::select! {
            () = view.caught_up() => {}
            () = stopped(&mut early) => return Ok(()),
        }
        let auth = Arc::new(Auth::new(Arc::clone(&ports.directory), Arc::clone(&ports.clock)));
        let live =
            Live::new(Arc::clone(&view), Arc::clone(&auth), Arc::clone(&settings), stop.clone());
        let renewals = (live.clone(), ports.clone());
        let door = Arc::new(Door::new(
            Desk {
                ports,
                settings,
                view,
                auth,
                live,
                keys: Keys::default(),
                secure_cookie: self.config.secure_cookie,
                body_wait: self.config.body_wait.0,
                places: Semaphore::new(limit::DESK_IN_FLIGHT),
                meter: DeskMeter::new(),
            },
            self.config,
        ));
        tokio::join!(accept(listener, &door, stop), renewals.0.renew(&renewals.1));
        if timeout(limit::DRAIN_LISTENER, door.idle()).await.is_err() {
            tracing::warn!("requests or sockets are abandoned: their part of the drain is over");
        }
        Ok(())
    }
}

impl Door {
    fn new(desk: Desk, config: DeskConfig) -> Self {
        let desk = Arc::new(desk);
        let places = Arc::new(Semaphore::new(config.connections.get() as usize));
        Self { router: route::router(Arc::clone(&desk)), desk, config, places }
    }

    /// Waits until no connection and no socket is open. Only once accepting has ended.
    async fn idle(&self) {
        drop(self.places.acquire_many(self.config.connections.get()).await);
        self.desk.live.drained().await;
    }
}

impl Host for Door {
    fn connection(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    fn accept_failed(&self) {
        self.desk.meter.accept_errors.increment(1);
    }

    async fn serve(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), hyper::Error> {
        let router = TowerToHyperService::new(self.router.clone());
        let answer = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            router.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.config.head_wait.0)
            .max_header_size(limit::DESK_HEAD_BYTES)
            .max_buf_size(2 * limit::DESK_HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), answer)
            .with_upgrades();
        let mut connection = pin!(connection);
        tokio::select! {
            ended = connection.as_mut() => return ended,
            () = stopped(&mut stop) => connection.as_mut().graceful_shutdown(),
        }
        connection.await
    }
}

/// Connections that wait to be accepted: after a restart every console comes back at once.
const BACKLOG: i32 = 4_096;

fn bind(listen: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(listen), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&listen.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Around every request: a bound on how many are in work, what browsers are told, and the count.
pub(super) async fn guard(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let begun = tokio::time::Instant::now();
    let mut response = match desk.places.try_acquire() {
        Ok(_place) => next.run(request).await,
        Err(_) => Problem::unavailable("too many requests are in work").into_response(),
    };
    secure(response.headers_mut());
    desk.meter.answered(response.status().as_u16(), begun.elapsed());
    response
}

fn secure(headers: &mut HeaderMap) {
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let private = HeaderValue::from_static("no-store");
    headers.entry(header::CACHE_CONTROL).or_insert(private);
}

const POLICY: &str = "default-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'none'";
