use std::collections::{BTreeMap, HashSet};

use hdrhistogram::Histogram;
use model::id::{ConversationId, MessageId};

use super::OverCap;
use crate::customer::{MessageKey, latency_us};

/// A reply an agent wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentReply {
    /// To whom.
    pub address: String,
    /// The text, unlike any other reply's.
    pub text: String,
    /// The customer's message it answers, if it was one of this run's.
    pub answers: Option<MessageKey>,
    /// What the desk said.
    pub outcome: ReplyOutcome,
}

/// What the desk said to a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyOutcome {
    /// It took it, under this own id: from then on it answers for it.
    Accepted(MessageId),
    /// It refused it, with this problem's name.
    Refused(String),
    /// It never said.
    Unknown,
}

/// Everything the agents saw and did.
#[derive(Clone, Debug)]
pub struct AgentRecord {
    /// Each reply written.
    pub replies: Vec<SentReply>,
    /// Every time an agent was given one conversation too many.
    pub over_cap: Vec<OverCap>,
    /// The customers' messages that any agent was shown.
    pub shown: HashSet<MessageKey>,
    /// Messages to customers, the flow's and agents', that any agent was shown.
    pub outbound: HashSet<MessageId>,
    /// From the planned send time to the agent's socket, in microseconds.
    pub shown_us: Histogram<u64>,
    /// Conversations closed.
    pub closed: u64,
    /// Refusals of replies and closes, by the problem's name.
    pub refusals: BTreeMap<String, u64>,
    /// Requests to the desk that had to be tried again.
    pub retries: u64,
    /// Sockets lost and opened again.
    pub reconnects: u64,
    /// Frames missing by their numbers, or not as described.
    pub bad_frames: u64,
    /// Conversations still held when the agents went home, with the agent's login.
    pub held: Vec<(String, ConversationId)>,
}

impl Default for AgentRecord {
    fn default() -> Self {
        Self {
            replies: Vec::new(),
            over_cap: Vec::new(),
            shown: HashSet::new(),
            outbound: HashSet::new(),
            shown_us: latency_us(),
            closed: 0,
            refusals: BTreeMap::new(),
            retries: 0,
            reconnects: 0,
            bad_frames: 0,
            held: Vec::new(),
        }
    }
}
