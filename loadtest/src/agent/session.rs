use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use model::id::ConversationId;
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as SocketMessage;

use super::desk::{Desk, DeskError};
use super::frame::{self, Conversation, Frame};
use super::seats::Seats;
use super::work::{Action, Done, Job, Work};
use super::{Board, DeskPlan, Orders, OverCap, ReplyOutcome, SentReply};
use crate::customer::{MessageKey, Token};
use crate::http::BackOff;
use crate::random::Random;

/// How often idle conversations are looked for when the load has ended.
const IDLE_LOOK: Duration = Duration::from_millis(100);

/// One agent: his socket, his conversations, his requests.
pub(super) struct Agent {
    number: usize,
    run: u64,
    origin: Instant,
    desk: Arc<Desk>,
    board: Arc<Mutex<Board>>,
    work: Work,
    seats: Seats,
    /// Requests on their way, and the job each of them ends.
    requests: JoinSet<Option<Done>>,
    sockets: u64,
    next_seq: u64,
}

type Socket = WebSocketStream<TcpStream>;

/// What ended a session.
enum End {
    Stop,
    Lost,
}

impl Agent {
    pub(super) fn new(
        number: usize,
        desk: Desk,
        plan: &DeskPlan,
        board: Arc<Mutex<Board>>,
    ) -> Self {
        let random = Random::new(plan.seed, 100 + number as u64);
        let seats = Seats::new(desk.plan.cap);
        Self {
            number,
            run: plan.run,
            origin: plan.origin,
            desk: Arc::new(desk),
            board,
            work: Work::new(plan.habits, plan.run, random),
            seats,
            requests: JoinSet::new(),
            sockets: 0,
            next_seq: 0,
        }
    }

    /// Works until told to stop; a lost socket is opened again.
    pub(super) async fn run(mut self, mut orders: watch::Receiver<Orders>) {
        let mut back_off = BackOff::new();
        loop {
            let opened = tokio::select! {
                opened = self.desk.live() => opened,
                () = stopped(&mut orders) => break,
            };
            if let Ok(socket) = opened {
                back_off = BackOff::new();
                if let End::Stop = self.session(socket, &mut orders).await {
                    break;
                }
                self.mark(|state| state.available = false);
            }
            tokio::select! {
                () = tokio::time::sleep(back_off.pause()) => {}
                () = stopped(&mut orders) => break,
            }
        }
        self.go_home();
    }

    fn go_home(&mut self) {
        let login = &self.desk.plan.login;
        let held: Vec<_> = self.work.held().map(|id| (login.clone(), id)).collect();
        self.board.lock().record.held.extend(held);
    }

    async fn session(&mut self, mut socket: Socket, orders: &mut watch::Receiver<Orders>) -> End {
        self.sockets += 1;
        self.next_seq = 0;
        if self.sockets > 1 {
            self.board.lock().record.reconnects += 1;
        }
        self.come_in();
        loop {
            let ordered = *orders.borrow_and_update();
            if ordered == Orders::Stop {
                return End::Stop;
            }
            let winding_down = ordered == Orders::WindDown;
            let wake = self.wake(winding_down);
            tokio::select! {
                received = socket.next() => {
                    let Some(Ok(received)) = received else { return End::Lost };
                    if !self.take(&received) {
                        return End::Lost;
                    }
                }
                Some(ended) = self.requests.join_next() => self.finish(ended.ok().flatten()),
                () = tokio::time::sleep_until(wake) => {}
                changed = orders.changed() => {
                    if changed.is_err() {
                        return End::Stop;
                    }
                }
            }
            self.act(winding_down);
        }
    }

    fn wake(&self, winding_down: bool) -> Instant {
        let now = Instant::now();
        let look = if winding_down { IDLE_LOOK } else { Duration::from_secs(3_600) };
        let due = self.work.next_due().map(|at| self.origin + at);
        due.unwrap_or(now + look).min(now + look)
    }

    /// Starts what is due.
    fn act(&mut self, winding_down: bool) {
        let now = self.origin.elapsed();
        if winding_down {
            self.work.close_idle(now);
        }
        for job in self.work.due(now) {
            let errand = self.errand();
            self.requests.spawn(async move { Some(errand.run(job).await) });
        }
        let (held, working) = (self.work.held_count(), self.requests.len());
        self.mark(|state| (state.held, state.working) = (held, working));
    }

    fn finish(&mut self, done: Option<Done>) {
        if let Some(done) = done {
            self.work.done(&done, self.origin.elapsed());
        }
    }

    fn come_in(&mut self) {
        let (errand, socket) = (self.errand(), self.sockets);
        self.requests.spawn(async move {
            errand.come_in(socket).await;
            None
        });
    }

    fn errand(&self) -> Errand {
        let (desk, board) = (Arc::clone(&self.desk), Arc::clone(&self.board));
        Errand { number: self.number, run: self.run, desk, board }
    }

    fn mark(&self, change: impl FnOnce(&mut super::AgentState)) {
        if let Some(state) = self.board.lock().agents.get_mut(self.number) {
            change(state);
        }
    }

    /// Takes one socket message; false when the socket is of no more use.
    fn take(&mut self, message: &SocketMessage) -> bool {
        let text = match message {
            SocketMessage::Text(text) => text,
            SocketMessage::Close(_) => return false,
            _ => return true,
        };
        let Ok(numbered) = frame::read(text.as_str()) else {
            self.board.lock().record.bad_frames += 1;
            return false;
        };
        if numbered.seq != self.next_seq {
            self.board.lock().record.bad_frames += 1;
            return false;
        }
        self.next_seq += 1;
        self.take_frame(numbered.frame);
        true
    }

    fn take_frame(&mut self, frame: Frame) {
        let now = self.origin.elapsed();
        match frame {
            Frame::Hello(conversations) => {
                self.work.retain(&conversations);
                self.seats.clear();
                for conversation in &conversations {
                    self.hold(conversation, now);
                }
            }
            Frame::Assigned(conversation) => self.hold(&conversation, now),
            Frame::Message(conversation, message) => {
                let token = self.work.message(conversation, &message, now);
                self.saw(token.as_slice(), now);
            }
            Frame::Closed(conversation) => {
                self.seats.release(conversation);
                self.work.closed(conversation);
                self.board.lock().record.closed += 1;
            }
            Frame::Other => {}
        }
        let outbound = self.work.take_outbound();
        if !outbound.is_empty() {
            self.board.lock().record.outbound.extend(outbound);
        }
    }

    fn hold(&mut self, conversation: &Conversation, now: Duration) {
        if let Some(held) = self.seats.take(conversation.id) {
            let (agent, cap) = (self.desk.plan.login.clone(), self.desk.plan.cap);
            let over = OverCap { agent, conversation: conversation.id, held, cap };
            self.board.lock().record.over_cap.push(over);
        }
        let tokens = self.work.show(conversation, now);
        self.saw(&tokens, now);
    }

    fn saw(&self, tokens: &[Token], now: Duration) {
        if tokens.is_empty() {
            return;
        }
        let record = &mut self.board.lock().record;
        for token in tokens {
            if record.shown.insert(token.key) {
                let took = now.saturating_sub(token.planned);
                record.shown_us.saturating_record(took.as_micros() as u64);
            }
        }
    }
}

async fn stopped(orders: &mut watch::Receiver<Orders>) {
    // An error means that nobody gives orders any more: the same.
    let _ = orders.wait_for(|orders| *orders == Orders::Stop).await;
}

/// Tries of one request, over about a minute: a desk that restarts is waited for.
const TRIES: u32 = 32;

/// One request to the desk, tried until the desk has decided.
struct Errand {
    number: usize,
    run: u64,
    desk: Arc<Desk>,
    board: Arc<Mutex<Board>>,
}

impl Errand {
    async fn come_in(&self, socket: u64) {
        let key = format!("{:x}-p-{}-{socket}", self.run, self.number);
        let came = self.decided(|| self.desk.available(&key)).await;
        if let Some(state) = self.board.lock().agents.get_mut(self.number) {
            state.available = came.is_ok();
        }
    }

    async fn run(&self, job: Job) -> Done {
        let conversation = job.conversation;
        let close_again = match job.action {
            Action::Reply { number, answers } => {
                self.reply(&job, number, answers).await;
                false
            }
            Action::Close => self.close(conversation).await.is_err(),
        };
        Done { conversation, close_again }
    }

    async fn reply(&self, job: &Job, number: u32, answers: Option<MessageKey>) {
        let name = format!("r-{:x}-{}-{number}", self.run, self.number);
        let text = match answers {
            Some(key) => format!("{name} re {key}: já vejo / um momento"),
            None => format!("{name} já vejo / um momento"),
        };
        let sent = SentReply {
            address: job.address.clone(),
            text: text.clone(),
            answers,
            outcome: ReplyOutcome::Unknown,
        };
        let place = self.note(sent);
        let result = self.decided(|| self.desk.reply(job.conversation, &name, &text)).await;
        let outcome = match result {
            Ok(id) => ReplyOutcome::Accepted(id),
            Err(Undone::Refused(name)) => ReplyOutcome::Refused(name),
            Err(Undone::Unknown) => ReplyOutcome::Unknown,
        };
        let mut board = self.board.lock();
        board.accepted += u64::from(matches!(outcome, ReplyOutcome::Accepted(_)));
        if let Some(sent) = board.record.replies.get_mut(place) {
            sent.outcome = outcome;
        }
    }

    /// Notes a reply before it is sent: if the desk never answers, it still was written.
    fn note(&self, sent: SentReply) -> usize {
        let replies = &mut self.board.lock().record.replies;
        replies.push(sent);
        replies.len() - 1
    }

    /// Whether the conversation is over, the socket tells; this only asks for it.
    async fn close(&self, conversation: ConversationId) -> Result<(), Undone> {
        let key = format!("{:x}-c-{}-{conversation}", self.run, self.number);
        self.decided(|| self.desk.close(conversation, &key)).await
    }

    /// Asks until the desk did it or refused it, or for long enough.
    async fn decided<T, F>(&self, ask: impl Fn() -> F) -> Result<T, Undone>
    where
        F: Future<Output = Result<T, DeskError>>,
    {
        let mut back_off = BackOff::new();
        for _ in 0..TRIES {
            match ask().await {
                Ok(done) => return Ok(done),
                Err(DeskError::Refused(name)) => {
                    let refusals = &mut self.board.lock().record.refusals;
                    *refusals.entry(name.clone()).or_default() += 1;
                    return Err(Undone::Refused(name));
                }
                Err(_) => self.board.lock().record.retries += 1,
            }
            tokio::time::sleep(back_off.pause()).await;
        }
        Err(Undone::Unknown)
    }
}

/// Why the desk did not do it.
enum Undone {
    /// It refused, under this name.
    Refused(String),
    /// It never decided.
    Unknown,
}
