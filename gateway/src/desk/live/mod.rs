//! Agents' sockets: one picture first, then every change, numbered without a hole.
//!
//! A socket that does not keep up is closed with 1013 and begins anew; one whose session ended is
//! closed with 1008 within [`model::limit::SESSION_TRUST`]; at the end of the process all are
//! closed with 1001. What a client sends is read, bounded and ignored: commands go through the
//! API. Non-goal: no state of its own, it carries what [`crate::view`] pushes.
//!
//! Who has a socket holds a lease on his presence: every [`model::limit::LEASE_RENEWAL`] one record
//! of `control` a shard says who has. A user whose last socket closed is in it no more, and his
//! lease runs out; one who uses the API alone has none.
//!
//! Reading order: [`Live`], `socket`, `lease`.

mod lease;
mod socket;

use std::sync::Arc;

use axum::extract::ws::WebSocket;
use model::id::UserId;
use model::limit;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::Ports;
use crate::auth::{Auth, Token};
use crate::follow::SettingsFollower;
use crate::metric::{LeaseMeter, LiveMeter};
use crate::view::View;

use lease::{Attendance, Renewal};
use socket::{Socket, every, stopped};

/// All sockets of this process.
#[derive(Clone)]
pub struct Live {
    view: Arc<View>,
    auth: Arc<Auth>,
    settings: Arc<SettingsFollower>,
    stop: watch::Receiver<bool>,
    places: Arc<Semaphore>,
    attendance: Arc<Attendance>,
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
        let (attendance, meter) = (Arc::default(), Arc::new(LiveMeter::new()));
        Self { view, auth, settings, stop, places, attendance, meter }
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

    /// Renews the presence of whoever has a socket, every [`limit::LEASE_RENEWAL`] until the stop
    /// signal. A renewal the log does not take is left out.
    pub async fn renew(&self, ports: &Ports) {
        let (settings, attendance) = (&*self.settings, &*self.attendance);
        let renewal = Renewal { ports, settings, attendance, meter: &LeaseMeter::new() };
        let beats = async {
            let mut beat = every(limit::LEASE_RENEWAL);
            loop {
                beat.tick().await;
                renewal.beat().await;
            }
        };
        let mut stop = self.stop.clone();
        tokio::select! {
            biased;
            () = stopped(&mut stop) => {}
            () = beats => {}
        }
    }

    /// Resolves when the last socket is gone.
    pub async fn drained(&self) {
        let all = u32::try_from(limit::SOCKETS).unwrap_or(u32::MAX);
        drop(self.places.acquire_many(all).await);
    }
}
