//! Virtual agents: log in, hold a live socket, answer customers, close conversations; and count
//! for themselves how many they hold.

mod desk;
mod frame;
mod record;
mod seats;
mod session;
mod work;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use model::service::Secret;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

pub use record::{AgentRecord, ReplyOutcome, SentReply};
pub use seats::OverCap;

/// One agent.
#[derive(Clone, Debug)]
pub struct AgentPlan {
    /// What the agent logs in as.
    pub login: String,
    /// With what.
    pub password: Secret,
    /// The most conversations the agent may be given: judged by this, whatever the server says.
    pub cap: u8,
}

/// How agents work.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// The share of messages answered, besides each conversation's last, which always is.
    pub reply_share: f64,
    /// How long it takes to answer, least and most.
    pub handle: (Duration, Duration),
    /// When the load has ended: how long a conversation may be quiet before it is closed.
    pub idle: Duration,
}

impl Default for Habits {
    /// Quick ones: a quarter of the messages, within 20 to 120 ms.
    fn default() -> Self {
        let ms = Duration::from_millis;
        Self { reply_share: 0.25, handle: (ms(20), ms(120)), idle: ms(500) }
    }
}

/// What the agents need to know.
#[derive(Clone, Debug)]
pub struct DeskPlan {
    /// The desk's listener.
    pub desk: SocketAddr,
    /// Who works.
    pub agents: Vec<AgentPlan>,
    /// How.
    pub habits: Habits,
    /// Told apart from other runs by this.
    pub run: u64,
    /// What planned times in tokens count from.
    pub origin: Instant,
    /// What their choices follow from.
    pub seed: u64,
}

/// How far the agents are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgentProgress {
    /// Agents connected and available.
    pub available: usize,
    /// Customers' messages shown to any of them.
    pub shown: u64,
    /// Messages to customers shown to any of them.
    pub outbound: u64,
    /// Replies accepted by the desk.
    pub accepted: u64,
    /// Replies and closes not yet answered.
    pub working: usize,
    /// Conversations held.
    pub held: usize,
    /// Times an agent was given one too many.
    pub over_cap: u64,
    /// Sockets lost and opened again.
    pub reconnects: u64,
    /// 99th percentile of planned send time to socket, in microseconds.
    pub shown_p99_us: u64,
}

/// Agents at work.
#[derive(Clone)]
pub struct Agents {
    board: Arc<Mutex<Board>>,
    orders: Arc<watch::Sender<Orders>>,
}

/// What agents are told from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Orders {
    #[default]
    Work,
    /// No customer writes any more: close what is idle.
    WindDown,
    /// Go home.
    Stop,
}

/// What all agents note in common.
#[derive(Default)]
struct Board {
    record: AgentRecord,
    accepted: u64,
    agents: Vec<AgentState>,
}

#[derive(Clone, Copy, Default)]
struct AgentState {
    available: bool,
    held: usize,
    working: usize,
}

impl Agents {
    /// Logins at a time.
    const LOGINS: usize = 2;

    /// Sends the agents to work, on the current runtime. They keep trying until they are in.
    pub fn start(plan: DeskPlan) -> Self {
        let board =
            Board { agents: vec![AgentState::default(); plan.agents.len()], ..Board::default() };
        let board = Arc::new(Mutex::new(board));
        let orders = Arc::new(watch::Sender::new(Orders::Work));
        let logins = Arc::new(Semaphore::new(Self::LOGINS));
        for (number, agent) in plan.agents.iter().enumerate() {
            let desk = desk::Desk::new(plan.desk, agent.clone(), Arc::clone(&logins));
            let agent = session::Agent::new(number, desk, &plan, Arc::clone(&board));
            tokio::spawn(agent.run(orders.subscribe()));
        }
        Self { board, orders }
    }

    /// How far they are.
    pub fn progress(&self) -> AgentProgress {
        let board = self.board.lock();
        AgentProgress {
            available: board.agents.iter().filter(|agent| agent.available).count(),
            shown: board.record.shown.len() as u64,
            outbound: board.record.outbound.len() as u64,
            accepted: board.accepted,
            working: board.agents.iter().map(|agent| agent.working).sum(),
            held: board.agents.iter().map(|agent| agent.held).sum(),
            over_cap: board.record.over_cap.len() as u64,
            reconnects: board.record.reconnects,
            shown_p99_us: board.record.shown_us.value_at_quantile(0.99),
        }
    }

    /// Tells them that nobody writes any more.
    pub fn wind_down(&self) {
        self.orders.send_if_modified(|orders| {
            let news = *orders == Orders::Work;
            if news {
                *orders = Orders::WindDown;
            }
            news
        });
    }

    /// Sends them home; what they did not finish stays as it is.
    pub fn stop(&self) {
        self.orders.send_replace(Orders::Stop);
    }

    /// Whether every agent has gone home and noted what he still held.
    pub fn gone(&self) -> bool {
        // Each agent's task holds one receiver.
        self.orders.receiver_count() == 0
    }

    /// Everything they saw and did.
    pub fn record(&self) -> AgentRecord {
        self.board.lock().record.clone()
    }
}
