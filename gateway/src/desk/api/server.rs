use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use model::limit;
use serde::{Deserialize, Serialize};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::sync::{Semaphore, watch};

use crate::Ports;
use crate::auth::Auth;
use crate::follow::SettingsFollower;
use crate::live::Live;
use crate::metric::DeskMeter;
use crate::view::View;

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
}

/// The desk's listener: bound early, so that a port in use is found before anything starts, and
/// served last.
#[derive(Debug)]
pub struct DeskServer {
    listener: TcpListener,
    address: SocketAddr,
    secure_cookie: bool,
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
    pub(crate) secure_cookie: bool,
    places: Semaphore,
    meter: DeskMeter,
}

impl Default for DeskConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8081)), secure_cookie: false }
    }
}

impl DeskServer {
    /// Takes the address; nobody is served yet, but may already connect.
    pub fn bind(config: &DeskConfig) -> Result<Self, DeskError> {
        let listen = config.listen;
        let bound = bind(listen).and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = bound.map_err(|source| DeskError::Bind { listen, source })?;
        Ok(Self { listener, address, secure_cookie: config.secure_cookie })
    }

    /// The address in use: the port, where the configuration left it open.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves from when the view has caught up until `stop`; then requests in work are answered and
    /// sockets closed with 1001, all within [`limit::DRAIN`].
    pub async fn serve(
        self,
        ports: Ports,
        settings: Arc<SettingsFollower>,
        view: Arc<View>,
        stop: watch::Receiver<bool>,
    ) -> Result<(), DeskError> {
        let failed = |source| DeskError::Listen { source };
        let listener = tokio::net::TcpListener::from_std(self.listener).map_err(failed)?;
        // Frames are small and somebody waits for each of them.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let mut ended = stop.clone();
        tokio::select! {
            () = view.caught_up() => {}
            _ = ended.wait_for(|stop| *stop) => return Ok(()),
        }
        let auth = Arc::new(Auth::new(Arc::clone(&ports.directory), Arc::clone(&ports.clock)));
        let live = Live::new(Arc::clone(&view), Arc::clone(&auth), Arc::clone(&settings), stop);
        let sockets = live.clone();
        let desk = Arc::new(Desk {
            ports,
            settings,
            view,
            auth,
            live,
            secure_cookie: self.secure_cookie,
            places: Semaphore::new(limit::DESK_IN_FLIGHT),
            meter: DeskMeter::new(),
        });
        let mut stopping = ended.clone();
        let serving = async {
            axum::serve(listener, route::router(desk))
                .with_graceful_shutdown(async move { drop(ended.wait_for(|stop| *stop).await) })
                .await?;
            sockets.drained().await;
            Ok(())
        };
        let end_of_drain = async {
            drop(stopping.wait_for(|stop| *stop).await);
            tokio::time::sleep(limit::DRAIN).await;
        };
        tokio::select! {
            served = serving => served.map_err(failed),
            () = end_of_drain => {
                tracing::warn!("requests or sockets were still open at the end of the drain");
                Ok(())
            }
        }
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
