use std::sync::Arc;

use parking_lot::Mutex;

use super::Side;
use crate::port::{AppendAnswer, LogError, Offset};

/// An append of which each log has a part: answered when both are durable, or one is not.
pub(super) struct Both {
    waiting: Mutex<Option<Waiting>>,
}

struct Waiting {
    /// The side of each record, in the caller's order.
    sides: Vec<Side>,
    answer: AppendAnswer,
    landed: Option<(Side, Vec<Offset>)>,
}

impl Both {
    /// An append whose records go to `sides`.
    pub(super) fn new(sides: Vec<Side>, answer: AppendAnswer) -> Arc<Self> {
        Arc::new(Self { waiting: Mutex::new(Some(Waiting { sides, answer, landed: None })) })
    }

    /// One part landed, or did not.
    pub(super) fn landed(&self, side: Side, result: Result<Vec<Offset>, LogError>) {
        let mut waiting = self.waiting.lock();
        let Some(mut first) = waiting.take() else { return };
        match (result, first.landed.take()) {
            (Ok(offsets), None) => {
                first.landed = Some((side, offsets));
                *waiting = Some(first);
            }
            (Ok(offsets), Some(other)) => {
                let offsets = in_order(&first.sides, [(side, offsets), other]);
                drop(first.answer.send(Ok(offsets)));
            }
            (Err(error), _) => drop(first.answer.send(Err(error))),
        }
    }
}

/// The offsets of both parts in the caller's order.
fn in_order(sides: &[Side], parts: [(Side, Vec<Offset>); 2]) -> Vec<Offset> {
    let mut parts = parts.map(|(side, offsets)| (side, offsets.into_iter()));
    let next = |side: &Side| {
        let part = parts.iter_mut().find(|(of, _)| of == side);
        part.and_then(|(_, offsets)| offsets.next())
    };
    sides.iter().filter_map(next).collect()
}
