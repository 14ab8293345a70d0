use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use model::id::UserId;
use model::limit;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};

use crate::auth::Token;
use crate::view::{Push, Subscription};

use super::Live;

/// One agent's socket.
pub(super) struct Socket<'a> {
    live: &'a Live,
    user: UserId,
    token: Token,
    socket: WebSocket,
    stop: watch::Receiver<bool>,
    /// The number of the next frame.
    seq: u64,
    /// Whether anything came from the client since the last ping.
    heard: bool,
}

/// Why a socket ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The client is gone, or does not take what we write.
    Gone,
    /// The process is ending.
    Stopping,
    /// The client did not keep up.
    Slow,
    /// The session ended, or the user has too many sockets.
    Refused(&'static str),
}

impl<'a> Socket<'a> {
    pub(super) fn new(live: &'a Live, user: UserId, token: Token, socket: WebSocket) -> Self {
        let stop = live.stop.clone();
        Self { live, user, token, socket, stop, seq: 0, heard: true }
    }

    /// Serves the socket until it ends, then says why.
    pub(super) async fn run(mut self) {
        let end = match self.subscribe() {
            Ok(subscription) => {
                let _attending = self.live.attendance.enter(self.user);
                self.carry(subscription).await
            }
            Err(end) => end,
        };
        if end == End::Slow {
            self.live.meter.overflows.increment(1);
        }
        if let Some(frame) = end.frame() {
            drop(timeout(limit::SOCKET_GOODBYE, self.say_goodbye(frame)).await);
        }
    }

    fn subscribe(&self) -> Result<Subscription, End> {
        let settings = self.live.settings.current();
        let user = settings.users.get(&self.user).filter(|user| user.active);
        let user = user.ok_or(End::Refused("the user is not active"))?;
        self.live.view.subscribe(user).ok_or(End::Refused("too many sockets of this user"))
    }

    async fn carry(&mut self, mut subscription: Subscription) -> End {
        if let Err(end) = self.push(&subscription.hello, &mut subscription.overflowed).await {
            return end;
        }
        let (mut ping, mut check) = (every(limit::SOCKET_PING), every(limit::SESSION_TRUST));
        loop {
            let step = tokio::select! {
                biased;
                () = stopped(&mut self.stop) => Err(End::Stopping),
                _ = &mut subscription.overflowed => Err(End::Slow),
                message = self.socket.recv() => self.take(message),
                _ = check.tick() => self.check_session().await,
                _ = ping.tick() => self.ping(&mut subscription.overflowed).await,
                push = subscription.frames.recv() => match push {
                    Some(push) => self.push(&push, &mut subscription.overflowed).await,
                    None => Err(End::Slow),
                },
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    fn take(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        self.heard = true;
        match message {
            None | Some(Err(_) | Ok(Message::Close(_))) => Err(End::Gone),
            Some(Ok(_)) => Ok(()),
        }
    }

    async fn check_session(&mut self) -> Result<(), End> {
        match self.live.auth.confirm(&self.token).await {
            Ok(user) if user != Some(self.user) => Err(End::Refused("the session ended")),
            Ok(_) if self.is_active() => Ok(()),
            Ok(_) => Err(End::Refused("the user is not active")),
            // A directory that cannot answer ends nobody's session.
            Err(error) => {
                tracing::warn!(%error, "a socket's session could not be confirmed");
                Ok(())
            }
        }
    }

    fn is_active(&self) -> bool {
        self.live.settings.current().users.get(&self.user).is_some_and(|user| user.active)
    }

    async fn ping(&mut self, overflowed: &mut Overflowed) -> Result<(), End> {
        if !std::mem::take(&mut self.heard) {
            return Err(End::Gone);
        }
        self.write(Message::Ping(axum::body::Bytes::new()), overflowed).await
    }

    async fn push(&mut self, push: &Push, overflowed: &mut Overflowed) -> Result<(), End> {
        let Push { kind, data } = push;
        let text = format!(r#"{{"seq":{},"type":"{kind}","data":{data}}}"#, self.seq);
        self.seq += 1;
        self.live.meter.frames.increment(1);
        self.write(Message::Text(text.into()), overflowed).await
    }

    /// Writes a message, unless the socket has to end first. A message begun stays in the socket's
    /// buffer, so that even then nothing is sent in halves.
    async fn write(&mut self, message: Message, overflowed: &mut Overflowed) -> Result<(), End> {
        tokio::select! {
            biased;
            written = timeout(limit::SOCKET_WRITE, self.socket.send(message)) => match written {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) | Err(_) => Err(End::Gone),
            },
            () = stopped(&mut self.stop) => Err(End::Stopping),
            _ = overflowed => Err(End::Slow),
        }
    }

    /// Sends the close frame and waits a moment for the client's, so that the last bytes arrive.
    async fn say_goodbye(&mut self, frame: CloseFrame) {
        if self.socket.send(Message::Close(Some(frame))).await.is_ok() {
            while let Some(Ok(_)) = self.socket.recv().await {}
        }
    }
}

type Overflowed = tokio::sync::oneshot::Receiver<()>;

impl End {
    /// The close frame, where there is somebody to send it to (RFC 6455, 7.4.1; 1013 is in the
    /// registry it founded).
    fn frame(self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Gone => return None,
            Self::Stopping => (1001, "the server is going away"),
            Self::Slow => (1013, "too slow; begin anew"),
            Self::Refused(reason) => (1008, reason),
        };
        Some(CloseFrame { code, reason: reason.into() })
    }
}

/// Ticks every `period` from then on; behind, it does not catch up.
pub(super) fn every(period: Duration) -> Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// Resolves at the stop signal; its sender gone is one too.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}
