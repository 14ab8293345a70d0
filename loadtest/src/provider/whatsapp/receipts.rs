//! Receipts on their way back: due at their time, batched, signed, sent until they are taken.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use model::service::{ReceiptStatus, Secret};
use model::time::Clock;
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::Instant;

use super::webhook::{self, StatusUpdate};
use crate::http::{BackOff, HttpClient};
use crate::random::{Evenly, Random};

/// Most receipts of one webhook; Meta batches up to 1000.
const BATCH: usize = 100;
/// Receipt webhooks in flight.
const IN_FLIGHT: usize = 4;
/// Receipts that may be due; more are dropped and counted.
const DUE: usize = 1_000_000;
/// Receipts leave on this grid, so that they come in batches.
const GRID: Duration = Duration::from_millis(25);
/// Tries of one webhook before its receipts are given up: about ten minutes.
const TRIES: u32 = 300;

/// Where receipts go.
#[derive(Clone, Debug)]
pub struct ReceiptTarget {
    /// The product's ingest listener.
    pub ingest: SocketAddr,
    /// The endpoint's name, the last part of the webhook's path.
    pub endpoint: String,
    /// What webhooks are signed with.
    pub app_secret: Secret,
}

#[derive(Clone, Debug, Default)]
pub(super) struct ReceiptCounts {
    pub(super) taken: u64,
    pub(super) reordered: u64,
    pub(super) retries: u64,
    pub(super) dropped: u64,
    in_flight: u64,
}

/// Receipts that wait for their time.
pub(super) struct Receipts {
    clock: Arc<dyn Clock>,
    origin: Instant,
    state: Mutex<State>,
    changed: Notify,
    target: watch::Sender<Option<Arc<Target>>>,
}

struct State {
    random: Random,
    reordered: Evenly,
    due: BTreeMap<(Duration, Reverse<u64>), StatusUpdate>,
    number: u64,
    counts: ReceiptCounts,
}

struct Target {
    client: HttpClient,
    path: String,
    secret: Secret,
}

impl Receipts {
    pub(super) fn new(clock: Arc<dyn Clock>, random: Random, reordered_share: f64) -> Self {
        let state = State {
            random,
            // One of a message's three receipts falls out of order, hence three times the share.
            reordered: Evenly::new((reordered_share * 3.0).min(1.0)),
            due: BTreeMap::new(),
            number: 0,
            counts: ReceiptCounts::default(),
        };
        Self {
            clock,
            origin: Instant::now(),
            state: Mutex::new(state),
            changed: Notify::new(),
            target: watch::Sender::new(None),
        }
    }

    pub(super) fn aim(&self, target: ReceiptTarget) {
        self.target.send_replace(Some(Arc::new(Target {
            client: HttpClient::new(target.ingest),
            path: format!("/webhooks/{}", target.endpoint),
            secret: target.app_secret,
        })));
    }

    pub(super) fn counts(&self) -> ReceiptCounts {
        self.state.lock().counts.clone()
    }

    /// Receipts not yet taken by the product.
    pub(super) fn waiting(&self) -> u64 {
        let state = self.state.lock();
        state.due.len() as u64 + state.counts.in_flight
    }

    /// Plans sent, delivered and read of a message; `update` holds everything but how far.
    pub(super) fn plan(&self, update: &StatusUpdate) {
        let now = self.origin.elapsed();
        let mut state = self.state.lock();
        let state = &mut *state;
        let ms = Duration::from_millis;
        let sent = now + state.random.between(ms(5), ms(20));
        let mut delivered = sent + state.random.between(ms(30), ms(80));
        let mut read = delivered + state.random.between(ms(50), ms(200));
        if state.reordered.happens(&mut state.random) {
            std::mem::swap(&mut delivered, &mut read);
            state.counts.reordered += 1;
        }
        let all = [
            (sent, ReceiptStatus::Sent),
            (delivered, ReceiptStatus::Delivered),
            (read, ReceiptStatus::Read),
        ];
        for (at, status) in all {
            if state.due.len() >= DUE {
                state.counts.dropped += 1;
                continue;
            }
            state.number += 1;
            let due = StatusUpdate { status, ..update.clone() };
            state.due.insert((on_grid(at), Reverse(state.number)), due);
        }
        self.changed.notify_one();
    }

    /// Sends what is due, until told to stop.
    pub(super) async fn pump(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let permits = Arc::new(Semaphore::new(IN_FLIGHT));
        let mut target = self.target.subscribe();
        loop {
            let permit = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                permit = self.permit_for_a_batch(&permits, &mut target) => permit,
            };
            let Some((permit, target)) = permit else { return };
            let batch = self.take_batch();
            let (this, stop) = (Arc::clone(&self), stop.clone());
            tokio::spawn(async move {
                this.deliver(&target, batch, stop).await;
                drop(permit);
            });
        }
    }

    async fn permit_for_a_batch(
        &self,
        permits: &Arc<Semaphore>,
        target: &mut watch::Receiver<Option<Arc<Target>>>,
    ) -> Option<(tokio::sync::OwnedSemaphorePermit, Arc<Target>)> {
        let target = target.wait_for(Option::is_some).await.ok()?.clone()?;
        let permit = Arc::clone(permits).acquire_owned().await.ok()?;
        loop {
            let first = self.state.lock().due.keys().next().map(|key| key.0);
            match first {
                Some(at) if at <= self.origin.elapsed() => return Some((permit, target)),
                Some(at) => tokio::time::sleep_until(self.origin + at).await,
                None => self.changed.notified().await,
            }
        }
    }

    fn take_batch(&self) -> Vec<StatusUpdate> {
        let now = self.origin.elapsed();
        let at = self.clock.now();
        let mut state = self.state.lock();
        let mut batch = VecDeque::new();
        while batch.len() < BATCH {
            match state.due.first_entry() {
                Some(due) if due.key().0 <= now => {
                    batch.push_back(StatusUpdate { at, ..due.remove() });
                }
                _ => break,
            }
        }
        state.counts.in_flight += batch.len() as u64;
        batch.into()
    }

    async fn deliver(
        &self,
        target: &Target,
        batch: Vec<StatusUpdate>,
        mut stop: watch::Receiver<bool>,
    ) {
        let count = batch.len() as u64;
        let taken = tokio::select! {
            taken = self.deliver_body(target, webhook::statuses(&batch)) => taken,
            _ = stop.wait_for(|stop| *stop) => false,
        };
        let mut state = self.state.lock();
        state.counts.in_flight -= count;
        let counter = if taken { &mut state.counts.taken } else { &mut state.counts.dropped };
        *counter += count;
    }

    async fn deliver_body(&self, target: &Target, body: Bytes) -> bool {
        let signature = webhook::sign(&target.secret, &body);
        let headers = [(webhook::SIGNATURE_HEADER, signature.as_str())];
        let mut back_off = BackOff::new();
        for _ in 0..TRIES {
            let call = crate::http::Call {
                method: Method::POST,
                path: &target.path,
                headers: &headers,
                body: body.clone(),
            };
            if target.client.call(call).await.is_ok_and(|answer| answer.status.is_success()) {
                return true;
            }
            self.state.lock().counts.retries += 1;
            tokio::time::sleep(back_off.pause()).await;
        }
        false
    }
}

fn on_grid(at: Duration) -> Duration {
    let grid = GRID.as_micros() as u64;
    Duration::from_micros((at.as_micros() as u64).div_ceil(grid) * grid)
}
