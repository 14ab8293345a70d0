use std::collections::VecDeque;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use model::limit;
use parking_lot::{Condvar, Mutex};

use super::Side;
use super::both::Both;
use super::segment::frame::FRAME_BYTES;
use crate::engine::embedded::space::Watermark;
use crate::port::{AppendAnswer, LogError, NewRecord, Offset};

/// The appends on their way to the writer. Callers never wait here: what does not fit is refused,
/// and what was taken is never refused later for want of room. So a caller knows that an append
/// was refused before it makes its next one.
pub(super) struct Intake {
    state: Mutex<State>,
    came: Condvar,
}

struct State {
    watermark: Watermark,
    waiting: VecDeque<Request>,
    /// Bytes of the requests waiting and of those in the writer's hands.
    bytes: usize,
    is_nudged: bool,
    ended: Option<End>,
}

/// Why nothing more is taken.
#[derive(Clone)]
enum End {
    Closing,
    Failed(Arc<dyn Error + Send + Sync>),
}

/// One append.
pub(super) struct Request {
    pub(super) records: Vec<NewRecord>,
    pub(super) done: Done,
    bytes: usize,
}

/// Who is told what became of an append.
pub(super) enum Done {
    /// The caller.
    Answer(AppendAnswer),
    /// The append of which this is the part of one log.
    Part(Arc<Both>, Side),
}

/// Most bytes written and synced together, unless a single append is larger.
const GROUP_BYTES: usize = 4 * 1024 * 1024;

impl Intake {
    /// An empty one that takes what `watermark` admits.
    pub(super) fn new(watermark: Watermark) -> Self {
        let waiting = VecDeque::new();
        let state = State { watermark, waiting, bytes: 0, is_nudged: false, ended: None };
        Self { state: Mutex::new(state), came: Condvar::new() }
    }

    /// Takes an append, or tells it at once why not.
    pub(super) fn offer(&self, request: Request) {
        let mut state = self.state.lock();
        match state.admit(request.bytes) {
            Ok(()) => self.push(&mut state, request),
            Err(error) => {
                drop(state);
                request.done.tell(Err(error));
            }
        }
    }

    /// Keeps room for `bytes`, or says why there is none. Room is given back by
    /// [`Intake::release`].
    pub(super) fn reserve(&self, bytes: usize) -> Result<(), LogError> {
        self.state.lock().admit(bytes)
    }

    /// Takes an append for which room was kept, or tells it at once that the log has ended.
    pub(super) fn offer_reserved(&self, request: Request) {
        let mut state = self.state.lock();
        match state.open() {
            Ok(()) => self.push(&mut state, request),
            Err(error) => {
                drop(state);
                request.done.tell(Err(error));
            }
        }
    }

    fn push(&self, state: &mut State, request: Request) {
        state.waiting.push_back(request);
        // The writer sleeps only when nothing waits; while it lingers it wants no company's noise.
        if state.waiting.len() == 1 {
            self.came.notify_one();
        }
    }

    /// The next group, once there is one and it has waited `linger` for company, or an empty one
    /// after a nudge; `None` after the last one when the intake is closed.
    pub(super) fn group(&self, linger: Duration) -> Option<Vec<Request>> {
        let mut state = self.state.lock();
        while state.waiting.is_empty() {
            if state.is_nudged {
                return Some(Vec::new());
            }
            if state.ended.is_some() {
                return None;
            }
            self.came.wait(&mut state);
        }
        if !linger.is_zero() && state.ended.is_none() {
            self.came.wait_for(&mut state, linger);
        }
        Some(state.take_group())
    }

    /// The group that waits, if one does, or an empty one after a nudge.
    pub(super) fn waiting_group(&self) -> Option<Vec<Request>> {
        let mut state = self.state.lock();
        let any = !state.waiting.is_empty() || state.is_nudged;
        any.then(|| state.take_group())
    }

    /// The writer has something to do beside writing: a segment may go.
    pub(super) fn nudge(&self) {
        self.state.lock().is_nudged = true;
        self.came.notify_one();
    }

    /// Whether there was a nudge since the last time.
    pub(super) fn take_nudge(&self) -> bool {
        std::mem::take(&mut self.state.lock().is_nudged)
    }

    /// These bytes are not on their way any more: the requests were told what became of them.
    pub(super) fn release(&self, bytes: usize) {
        let mut state = self.state.lock();
        state.bytes = state.bytes.saturating_sub(bytes);
    }

    /// Takes nothing more; what waits is still written.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.ended.get_or_insert(End::Closing);
        self.came.notify_one();
    }

    /// Why nothing will ever be taken again, if so.
    pub(super) fn health(&self) -> Result<(), LogError> {
        self.state.lock().open()
    }

    /// There is no writer any more: what waits is never answered.
    pub(super) fn abandon(&self) {
        let mut state = self.state.lock();
        state.ended.get_or_insert(End::Closing);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        drop(waiting);
    }

    /// Takes nothing more, ever: the disk said `source`.
    pub(super) fn fail(&self, source: Arc<dyn Error + Send + Sync>) {
        self.state.lock().ended = Some(End::Failed(source));
    }
}

impl State {
    fn open(&self) -> Result<(), LogError> {
        match &self.ended {
            None => Ok(()),
            Some(End::Closing) => Err(LogError::Closing),
            Some(End::Failed(source)) => Err(LogError::Failed { source: Arc::clone(source) }),
        }
    }

    /// Counts `bytes` as on their way, if they may be.
    fn admit(&mut self, bytes: usize) -> Result<(), LogError> {
        self.open()?;
        if self.bytes + bytes > limit::APPENDING_BYTES {
            return Err(LogError::Full { what: "the appends in flight are at their bound" });
        }
        match self.watermark.admits(bytes as u64, self.bytes as u64) {
            Ok(true) => {
                self.bytes += bytes;
                Ok(())
            }
            Ok(false) => Err(LogError::Full { what: "the disk is at its watermark" }),
            // Its folder is gone, and with it every later segment: nothing can come of waiting.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.ended = Some(End::Failed(Arc::new(error)));
                self.open()
            }
            Err(error) => {
                tracing::warn!(%error, "the disk does not say how much room it has");
                Err(LogError::Full { what: "the disk does not say how much room it has" })
            }
        }
    }

    fn take_group(&mut self) -> Vec<Request> {
        let mut bytes = 0;
        let fits = |request: &&Request| {
            let first = bytes == 0;
            bytes += request.bytes;
            first || bytes <= GROUP_BYTES
        };
        let count = self.waiting.iter().take_while(fits).count();
        self.waiting.drain(..count).collect()
    }
}

impl Request {
    /// An append of `records`.
    pub(super) fn new(records: Vec<NewRecord>, done: Done) -> Self {
        let bytes = records.iter().map(|record| record.bytes.len() + FRAME_BYTES).sum();
        Self { records, done, bytes }
    }

    /// What it counts against the bound.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Done {
    /// Tells it. Nobody may be listening any more; that is their affair.
    pub(super) fn tell(self, result: Result<Vec<Offset>, LogError>) {
        match self {
            Self::Answer(answer) => drop(answer.send(result)),
            Self::Part(both, side) => both.landed(side, result),
        }
    }
}
