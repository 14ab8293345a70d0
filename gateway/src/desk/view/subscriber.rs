use std::collections::HashMap;
use std::sync::Arc;

use model::id::UserId;
use model::limit;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

/// A frame's type and data, encoded once for every socket it goes to.
#[derive(Debug, PartialEq, Eq)]
pub struct Push {
    /// Its type, such as `message`.
    pub kind: &'static str,
    /// Its data as JSON.
    pub data: Box<str>,
}

/// A socket's end of the view.
#[derive(Debug)]
pub struct Subscription {
    /// The first frame.
    pub hello: Push,
    /// The frames after it, in the order of the log.
    pub frames: mpsc::Receiver<Arc<Push>>,
    /// Resolves when the socket did not keep up: nothing more will come, and it has to begin anew.
    pub overflowed: oneshot::Receiver<()>,
}

/// The sockets of one shard's users.
#[derive(Debug, Default)]
pub(super) struct Subscribers {
    by_user: HashMap<UserId, Vec<Subscriber>>,
}

#[derive(Debug)]
struct Subscriber {
    frames: mpsc::Sender<Arc<Push>>,
    /// Dropped together with the queue: that is the signal.
    _alive: oneshot::Sender<()>,
}

impl Push {
    /// A frame of `kind`.
    pub(super) fn new<T: Serialize>(kind: &'static str, data: &T) -> Self {
        #[expect(clippy::expect_used, reason = "string keys and no writer that could fail")]
        let data = serde_json::to_string(data).expect("what is shown has a JSON form");
        Self { kind, data: data.into_boxed_str() }
    }

    /// A frame of `kind` for several sockets.
    pub(super) fn shared<T: Serialize>(kind: &'static str, data: &T) -> Arc<Self> {
        Arc::new(Self::new(kind, data))
    }
}

impl Subscribers {
    /// Adds a socket of `user` that begins with `hello`; `None` when he has
    /// [`limit::SOCKETS_PER_USER`] already.
    pub(super) fn add(&mut self, user: UserId, hello: Push) -> Option<Subscription> {
        let sockets = self.by_user.entry(user).or_default();
        sockets.retain(|socket| !socket.frames.is_closed());
        if sockets.len() >= limit::SOCKETS_PER_USER {
            return None;
        }
        let (frames, receiver) = mpsc::channel(limit::SOCKET_FRAMES);
        let (_alive, overflowed) = oneshot::channel();
        sockets.push(Subscriber { frames, _alive });
        Some(Subscription { hello, frames: receiver, overflowed })
    }

    /// Whether `user` has a socket: nothing is encoded for nobody.
    pub(super) fn has(&self, user: UserId) -> bool {
        self.by_user.contains_key(&user)
    }

    /// Everybody who has a socket.
    pub(super) fn users(&self) -> Vec<UserId> {
        self.by_user.keys().copied().collect()
    }

    /// Hands a frame to each socket of `user`; those that are gone or full are let go.
    pub(super) fn push(&mut self, user: UserId, push: &Arc<Push>) {
        let Some(sockets) = self.by_user.get_mut(&user) else { return };
        sockets.retain(|socket| socket.frames.try_send(Arc::clone(push)).is_ok());
        if sockets.is_empty() {
            self.by_user.remove(&user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: UserId = UserId(1);

    fn push(n: usize) -> Arc<Push> {
        Arc::new(Push::new("message", &n))
    }

    #[test]
    fn a_socket_that_does_not_keep_up_is_let_go_and_told() {
        let mut subscribers = Subscribers::default();
        let mut slow = subscribers.add(ANA, Push::new("hello", &())).unwrap();
        let mut quick = subscribers.add(ANA, Push::new("hello", &())).unwrap();
        for n in 0..=limit::SOCKET_FRAMES {
            subscribers.push(ANA, &push(n));
            assert_eq!(quick.frames.try_recv().unwrap(), push(n));
        }
        assert_eq!(slow.overflowed.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        assert_eq!(quick.overflowed.try_recv(), Err(oneshot::error::TryRecvError::Empty));
        for n in 0..limit::SOCKET_FRAMES {
            assert_eq!(slow.frames.try_recv().unwrap(), push(n), "what it got has no hole");
        }
        assert!(slow.frames.try_recv().is_err());
    }

    #[test]
    fn a_user_has_so_many_sockets_and_no_more() {
        let mut subscribers = Subscribers::default();
        let add = |subscribers: &mut Subscribers| subscribers.add(ANA, Push::new("hello", &()));
        let mut open: Vec<_> =
            (0..limit::SOCKETS_PER_USER).filter_map(|_| add(&mut subscribers)).collect();
        assert!(add(&mut subscribers).is_none());
        open.pop();
        assert!(add(&mut subscribers).is_some(), "a closed one makes room");
    }

    #[test]
    fn nobody_is_left_behind_by_a_closed_socket() {
        let mut subscribers = Subscribers::default();
        drop(subscribers.add(ANA, Push::new("hello", &())));
        subscribers.push(ANA, &push(0));
        assert!(!subscribers.has(ANA));
    }
}
