use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use model::desk::{Settings, Why};
use model::fold::Score;
use model::id::{GroupId, LaneId, UserId};
use model::people::Presence;

use super::Patrol;
use super::policy::Ranking;

/// The waiting slot of one open conversation: lane-local index below
/// [`model::limit::OPEN_CONVERSATIONS`]. It is the conversation's for its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// The lane that owns the conversation.
    pub lane: LaneId,
    /// Its number within the lane.
    pub index: u32,
}

/// A held seat. Move-only and spent by [`Assign::free`]: a double release does not compile.
#[derive(PartialEq, Eq)]
#[must_use = "a seat that is not freed stays taken for ever"]
pub struct Ticket(
    /// `agent:32 | the core's own number of him:24 | charge:8`. One word: whoever keeps tickets
    /// moves them in one piece.
    u64,
);

impl Ticket {
    /// `number` is below 2²⁴; a core that numbers nobody gives 0.
    pub(super) const fn new(agent: UserId, number: u32, charge: u8) -> Self {
        Self((agent.0 as u64) << 32 | (number as u64) << 8 | charge as u64)
    }

    /// The agent whose seat it is.
    pub const fn agent(&self) -> UserId {
        UserId((self.0 >> 32) as u32)
    }

    pub(super) const fn number(&self) -> u32 {
        (self.0 >> 8) as u32 & 0xff_ffff
    }

    pub(super) const fn charge(&self) -> u8 {
        self.0 as u8
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (agent, charge) = (self.agent(), self.charge());
        f.debug_struct("Ticket").field("agent", &agent).field("charge", &charge).finish()
    }
}

/// A seat just reserved: the ticket and what the `Assigned` event records of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Seat {
    /// The seat itself.
    pub ticket: Ticket,
    /// The group it was assigned through. For a seat asked for by name, the group the
    /// conversation waited in, or else the agent's first.
    pub group: GroupId,
    /// The cap the reservation saw.
    pub cap: u8,
    /// The agent's generation at the reservation.
    pub gen_at_seat: u16,
    /// Units of 16 s charged to the agent's time score, clamped at 255.
    pub charge: u8,
    /// Why this agent.
    pub why: Why,
}

/// What came of an arrival.
#[derive(Debug, PartialEq, Eq)]
pub enum Arrival {
    /// An agent was free.
    Seated(Seat),
    /// It waits in its slot.
    Waiting,
}

/// Why a particular agent is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SeatKind {
    /// The contact is bound to him.
    Owner,
    /// A conversation he starts himself.
    Start,
    /// A supervisor gives it to him.
    Reassign,
    /// Another agent transfers it to him.
    Transfer {
        /// Whether a paused agent may be reserved too.
        paused_ok: bool,
    },
    /// He takes it back from pending; alone may wait in his own line.
    Back,
}

impl SeatKind {
    /// What `Assigned` says of a seat asked for so.
    pub const fn why(self) -> Why {
        match self {
            Self::Owner => Why::Owner,
            Self::Start => Why::Started,
            Self::Reassign => Why::Reassigned,
            Self::Transfer { .. } => Why::Transferred,
            Self::Back => Why::CameBack,
        }
    }
}

/// What came of asking for a particular agent.
#[derive(Debug, PartialEq, Eq)]
pub enum SeatOutcome {
    /// He has it.
    Seated(Seat),
    /// It waits in his own line ([`SeatKind::Back`] only).
    Waiting,
    /// His load is at his cap.
    AgentFull,
    /// He is not there, or paused.
    NotAvailable,
    /// A seat was handed to it before: take [`Assign::ready`] first, then decide anew.
    HandedOver,
}

/// What came of moving a waiting conversation to another line.
#[derive(Debug, PartialEq, Eq)]
pub enum Requeued {
    /// An agent of the new group was free.
    Seated(Seat),
    /// It waits in the new group.
    Waiting,
    /// A seat was handed to it before: take [`Assign::ready`] first, then decide anew.
    HandedOver,
}

/// What came of freeing a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freed {
    /// It went to the oldest compatible waiter, whose lane is told.
    HandedOver,
    /// Nobody compatible waits; the agent's load fell by one.
    Released,
}

/// What came of taking a conversation out of its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// It waited and does no more.
    Cancelled,
    /// A seat had been handed to it; that seat was given on or released.
    Freed,
    /// It was not waiting.
    NotWaiting,
}

/// A hand-over whose agent is still the one the seat was taken from: `Assigned` is to be written.
#[derive(Debug, PartialEq, Eq)]
pub struct Confirmed {
    /// The conversation's slot.
    pub slot: Slot,
    /// The seat.
    pub seat: Seat,
}

/// What the log shows of a shard, for a core that starts anew.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Restore {
    /// Settings in force.
    pub settings: Settings,
    /// Who is there.
    pub presence: BTreeMap<UserId, Presence>,
    /// Held seats.
    pub seated: Vec<RestoredSeat>,
    /// Waiting conversations.
    pub waiting: Vec<RestoredWait>,
    /// Scores of the window.
    pub scores: BTreeMap<UserId, Score>,
    /// The agent last reserved in each group.
    pub cursors: BTreeMap<GroupId, UserId>,
}

/// A seat the log shows as held. The cap is not checked: restoring is the sole exception to C5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestoredSeat {
    /// The conversation's slot.
    pub slot: Slot,
    /// The agent.
    pub agent: UserId,
    /// Units charged at the reservation.
    pub charge: u8,
}

/// A conversation the log shows as waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestoredWait {
    /// The conversation's slot.
    pub slot: Slot,
    /// The group it waits in, or will be assigned through.
    pub group: GroupId,
    /// Its order in the queue.
    pub key: i64,
    /// The agent in whose own line it waits, and not in the group's queue.
    pub agent: Option<UserId>,
}

/// Who would be chosen now, who would be next, and why nobody else.
///
/// Each member of the group stands either in the ranking or among those passed. With one thread it
/// is exact: the next arrival that is seated gets one of [`Ranking::lawful`], by the key given
/// here. Under traffic every member is true at the moment he was looked at, and the whole is
/// true of no one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The eligible, the best first; of an agent's own line nobody.
    pub ranking: Ranking,
    /// Everybody else, and why he is not eligible.
    pub passed: Vec<(UserId, Passed)>,
}

/// Why a member of a group is not eligible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Passed {
    /// He does not receive this group's conversations.
    DoesNotReceive,
    /// He is paused.
    Paused,
    /// He is not there.
    Offline,
    /// His load is at his cap.
    Full,
}

/// What an audit of the core at rest found. Its default is what a sound core answers that
/// counts everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audit {
    /// Agents above their cap who were seated there (C5).
    pub over_cap: u32,
    /// Groups where a conversation waits while a member has a free seat (C7).
    pub idle_while_waiting: u32,
    /// Seats that no ticket and no hand-over accounts for (C9). `None` where nobody counts
    /// tickets: the lock-free core does so only where debug assertions are on, for a count would
    /// cost every seat a write that all lanes share.
    pub unaccounted_seats: Option<u32>,
}

impl Default for Audit {
    fn default() -> Self {
        Self { over_cap: 0, idle_while_waiting: 0, unaccounted_seats: Some(0) }
    }
}

/// What a patrol found and saw confirmed since the call before; all zero in a sound core but for
/// [`Self::places`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Seats that were taken above a cap (C5).
    pub over_cap: u32,
    /// Conversations that wait while somebody who serves their line has a free seat (C7).
    pub idle_while_waiting: u32,
    /// Eligible members whom a search of their group does not find.
    pub hidden_agents: u32,
    /// Places looked at: members of groups, groups, and agents' own lines.
    pub places: u32,
}

/// The routing core of one shard. Callers are its lanes, any of them at any time.
///
/// Two orders bind every caller to the log. A seat is reserved *before* its `Assigned` record is
/// handed to the appender; the freeing record is handed over *before* [`Assign::free`] is called.
/// So no prefix of the log ever shows an agent with more seats than the core held.
pub trait Assign: Send + Sync {
    /// A conversation comes to `group`: seated by the group's policy, or waiting in its slot.
    /// `key` orders the queue, least first; equal keys by lane, then slot. A conversation that
    /// already waits there goes first.
    fn arrive(&self, group: GroupId, slot: Slot, key: i64) -> Arrival;

    /// A conversation asks for one agent. Does not move the circular cursor; counts in scores.
    fn seat(&self, agent: UserId, slot: Slot, key: i64, kind: SeatKind) -> SeatOutcome;

    /// Moves a waiting conversation to the queue of `group`.
    fn requeue(&self, slot: Slot, group: GroupId, key: i64) -> Requeued;

    /// Gives a seat back after `handled` of service time. Only after the freeing record has been
    /// handed to the appender.
    fn free(&self, ticket: Ticket, handled: Duration) -> Freed;

    /// Takes a conversation that ends out of its line.
    fn cancel(&self, slot: Slot) -> Cancelled;

    /// The next confirmed hand-over of `lane`, one at a time; those whose agent left meanwhile
    /// are undone inside.
    fn ready(&self, lane: LaneId) -> Option<Confirmed>;

    /// A user is available, paused or offline. Only after the record that says so was handed to
    /// the appender. Whoever becomes eligible is offered the waiting conversations.
    fn presence(&self, user: UserId, presence: Presence);

    /// New settings are in force. Only after the record that says so was handed to the appender.
    /// Whoever becomes eligible is offered the waiting conversations.
    fn edit(&self, settings: &Settings);

    /// Takes over what the log shows, then checks every line for a free agent. Answers with the
    /// ticket of each restored seat.
    fn restore(&self, state: Restore) -> Vec<(Slot, Ticket)>;

    /// How many wait in the queue of `group`, those included to whom a seat was handed that their
    /// lane has not taken yet. While lanes come and go it is true of no one moment.
    fn waiting(&self, group: GroupId) -> u32;

    /// A waiting conversation's place in its line, from 1.
    fn position(&self, slot: Slot) -> Option<u32>;

    /// Why a waiting conversation waits: the members of its group, or the agent alone
    /// whose own line it is in. `None` when it does not wait; who was chosen for a seated one, and by
    /// which key, its `Assigned` event says.
    fn explain(&self, slot: Slot) -> Option<Explanation>;

    /// Whom `group` would choose for a conversation that came now, were nobody waiting. `None`
    /// of a group nobody ever named. Changes nothing, and costs what sorting the members costs:
    /// for people who ask.
    fn explain_arrival(&self, group: GroupId) -> Option<Explanation>;

    /// Checks the core; meant for moments without traffic.
    fn audit(&self) -> Audit;

    /// The next part of a check that goes on for ever beside the traffic: at most
    /// [`model::limit::PATROL_PLACES`] places or one group, and one round of all. No lock is taken
    /// and nobody waits; nothing is repaired. What looks wrong counts, once, when it looks the same at
    /// [`Patrol::LOOKS`] further calls. So calls are to lie so far apart that whatever ran at one
    /// has ended by the next: a second. One thread at a time.
    ///
    /// A core that is whole between any two calls has nothing to be found; so says this.
    fn patrol(&self, _: &mut Patrol) -> Findings {
        Findings::default()
    }
}
