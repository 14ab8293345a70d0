use std::collections::VecDeque;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use model::limit;
use parking_lot::{Condvar, Mutex};

use super::Side;
use super::both::Both;
use super::frame::FRAME_BYTES;
use crate::port::{AppendAnswer, LogError, NewRecord, Offset};

/// The appends on their way to the writer. Callers never wait here: what does not fit is refused.
#[derive(Default)]
pub(super) struct Intake {
    state: Mutex<State>,
    came: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Request>,
    /// Bytes of the requests waiting and of those in the writer's hands.
    bytes: usize,
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
    /// Takes an append, or tells it at once why not.
    pub(super) fn offer(&self, records: Vec<NewRecord>, done: Done) {
        let bytes = records.iter().map(|record| record.bytes.len() + FRAME_BYTES).sum();
        let mut state = self.state.lock();
        if let Err(error) = state.admit(bytes) {
            drop(state);
            return done.tell(Err(error));
        }
        state.bytes += bytes;
        state.waiting.push_back(Request { records, done, bytes });
        // The writer sleeps only when nothing waits; while it lingers it wants no company's noise.
        if state.waiting.len() == 1 {
            self.came.notify_one();
        }
    }

    /// The next group, once there is one and it has waited `linger` for company; `None` after the
    /// last one when the intake is closed.
    pub(super) fn group(&self, linger: Duration) -> Option<Vec<Request>> {
        let mut state = self.state.lock();
        while state.waiting.is_empty() {
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

    /// The writer has told the requests of these bytes what became of them.
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
    fn admit(&self, bytes: usize) -> Result<(), LogError> {
        match &self.ended {
            Some(End::Closing) => return Err(LogError::Closing),
            Some(End::Failed(source)) => {
                return Err(LogError::Failed { source: Arc::clone(source) });
            }
            None => {}
        }
        if self.bytes + bytes > limit::APPENDING_BYTES {
            return Err(LogError::Full { what: "the appends in flight are at their bound" });
        }
        Ok(())
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
