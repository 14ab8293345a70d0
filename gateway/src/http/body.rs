use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use model::limit;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{self, Instant};

use super::reply::Reply;

/// How slowly a body may come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// The longest pause.
    pub(super) idle: Duration,
    /// The longest time as a whole.
    pub(super) whole: Duration,
}

/// A body, and its part of the bytes that may be held at once.
pub(super) struct Held {
    pub(super) bytes: Bytes,
    _share: Option<OwnedSemaphorePermit>,
}

/// Reads a body of at most [`limit::WEBHOOK_BODY_BYTES`], judged while it streams: what a head
/// says of its length is only a reason to refuse sooner.
pub(super) async fn read(
    mut body: Incoming,
    pace: Pace,
    budget: &Arc<Semaphore>,
) -> Result<Held, Reply> {
    if body.size_hint().lower() > limit::WEBHOOK_BODY_BYTES as u64 {
        return Err(Reply::TooLarge);
    }
    let deadline = Instant::now() + pace.whole;
    let mut bytes = BytesMut::new();
    let mut share: Option<OwnedSemaphorePermit> = None;
    loop {
        let until = deadline.min(Instant::now() + pace.idle);
        let frame = time::timeout_at(until, body.frame()).await.map_err(|_| Reply::TooSlow)?;
        let Some(frame) = frame else { break };
        // Trailers say nothing we want to know.
        let Ok(data) = frame.map_err(|_| Reply::Truncated)?.into_data() else { continue };
        if bytes.len() + data.len() > limit::WEBHOOK_BODY_BYTES {
            return Err(Reply::TooLarge);
        }
        let more = take(budget, data.len()).ok_or(Reply::Busy)?;
        match &mut share {
            Some(share) => share.merge(more),
            None => share = Some(more),
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Held { bytes: bytes.freeze(), _share: share })
}

fn take(budget: &Arc<Semaphore>, bytes: usize) -> Option<OwnedSemaphorePermit> {
    Arc::clone(budget).try_acquire_many_owned(u32::try_from(bytes).ok()?).ok()
}
