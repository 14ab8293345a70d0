//! Agents' sockets: one picture first, then every change, numbered without a hole.
//!
//! A socket that does not keep up is closed with 1013 and begins anew; one whose session ended is
//! closed with 1008 within [`model::limit::SESSION_TRUST`]; at the end of the process all are
//! closed with 1001. What a client sends is read, bounded and ignored: commands go through the
//! API. Non-goal: no state of its own, it carries what [`crate::view`] pushes.
//!
//! Reading order: [`Live`], `socket`.

mod socket;

use std::sync::Arc;

use axum::extract::ws::WebSocket;
use model::id::UserId;
use model::limit;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::auth::{Auth, Token};
use crate::follow::SettingsFollower;
use crate::metric::LiveMeter;
use crate::view::View;

use socket::Socket;

/// All sockets of this process.
#[derive(Clone)]
pub struct Live {
    view: Arc<View>,
    auth: Arc<Auth>,
    settings: Arc<SettingsFollower>,
    stop: watch::Receiver<bool>,
    places: Arc<Semaphore>,
    meter: Arc<LiveMeter>,
}

/// A place for one socket, free again when dropped.
pub struct Admission(#[expect(dead_code, reason = "held, never looked at")] OwnedSemaphorePermit);

impl Live {
    /// Sockets fed by `view`, as long as their sessions hold and `stop` is not given.
    pub fn new(
        view: Arc<View>,
        auth: Arc<Auth>,
        settings: Arc<SettingsFollower>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let places = Arc::new(Semaphore::new(limit::SOCKETS));
        Self { view, auth, settings, stop, places, meter: Arc::new(LiveMeter::new()) }
    }

    /// A place for one more socket; `None` at [`limit::SOCKETS`].
    pub fn admit(&self) -> Option<Admission> {
        Arc::clone(&self.places).try_acquire_owned().ok().map(Admission)
    }

    /// Serves one socket of `user` to its end.
    pub async fn serve(self, admission: Admission, user: UserId, token: Token, socket: WebSocket) {
        self.meter.sockets.increment(1.0);
        Socket::new(&self, user, token, socket).run().await;
        self.meter.sockets.decrement(1.0);
        drop(admission);
    }

    /// Resolves when the last socket is gone.
    pub async fn drained(&self) {
        let all = u32::try_from(limit::SOCKETS).unwrap_or(u32::MAX);
        drop(self.places.acquire_many(all).await);
    }
}
