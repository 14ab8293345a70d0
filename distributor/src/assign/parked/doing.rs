use std::time::Duration;

use model::desk::Settings;
use model::id::{GroupId, LaneId, UserId};
use model::people::{Policy, Presence};

use super::house::{APART, CAP, Core, House, cap, member, policy_after, slot};
use crate::assign::{Arrival, Cancelled, Freed, Requeued, SeatKind, SeatOutcome, Slot, Ticket};

/// What the thread that stops is doing. Lane 0 is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    Arrive,
    ArriveToWait,
    Free,
    Sell,
    Seat(SeatKind),
    SeatToWait,
    SeatOneWhoWaits,
    Requeue,
    RequeueToWait,
    Cancel,
    CancelHandedOver,
    Ready,
    ReadyUndone,
    ReadyUndoneFree,
    Pause,
    Resume,
    Offline,
    RaiseCap,
    LowerCap,
    Join,
    Leave,
    ChangePolicy,
}

/// One call across the seam, ready to be made.
pub(super) enum Call {
    Arrive(GroupId),
    Free(Ticket),
    Seat(UserId, Slot, SeatKind),
    Requeue(GroupId),
    Cancel,
    Ready,
    Presence(UserId, Presence),
    Edit(Settings),
}

/// What a call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A seat was taken.
    Seated,
    /// The conversation waits.
    Waits,
    /// A seat went to another conversation.
    HandedOver,
    /// Done, or released.
    Done,
    /// It could not be.
    Refused,
}

const ONE: GroupId = GroupId(1);
/// The agent whose seat is freed, asked for, or changed where a full one is needed.
const FULL: UserId = UserId(2);
/// The agent with a free seat.
const SPARE: UserId = UserId(1);

impl Doing {
    pub(super) const ALL: [Self; 27] = [
        Self::Arrive,
        Self::ArriveToWait,
        Self::Free,
        Self::Sell,
        Self::Seat(SeatKind::Owner),
        Self::Seat(SeatKind::Start),
        Self::Seat(SeatKind::Reassign),
        Self::Seat(SeatKind::Transfer { paused_ok: false }),
        Self::Seat(SeatKind::Transfer { paused_ok: true }),
        Self::Seat(SeatKind::Back),
        Self::SeatToWait,
        Self::SeatOneWhoWaits,
        Self::Requeue,
        Self::RequeueToWait,
        Self::Cancel,
        Self::CancelHandedOver,
        Self::Ready,
        Self::ReadyUndone,
        Self::ReadyUndoneFree,
        Self::Pause,
        Self::Resume,
        Self::Offline,
        Self::RaiseCap,
        Self::LowerCap,
        Self::Join,
        Self::Leave,
        Self::ChangePolicy,
    ];

    /// Lanes of which a conversation waits in group 1, in order of their keys; then nobody of that
    /// group is free. A hand-over to another lane may be cut off half-way, too.
    pub(super) const fn waiting(self) -> &'static [u8] {
        match self {
            Self::Arrive | Self::Free | Self::Seat(_) | Self::Pause | Self::Offline => &[],
            Self::LowerCap | Self::Leave | Self::ChangePolicy => &[],
            Self::ArriveToWait | Self::SeatToWait => &[0],
            Self::Sell | Self::Resume | Self::RaiseCap | Self::Join => &[1, 2],
            _ => &[0, 1, 2],
        }
    }

    /// Whether it changes the settings: only one thread at a time does.
    pub(super) const fn edits(self) -> bool {
        matches!(
            self,
            Self::RaiseCap | Self::LowerCap | Self::Join | Self::Leave | Self::ChangePolicy
        )
    }

    /// What it comes to where nothing stops it.
    pub(super) const fn comes_to(self) -> Outcome {
        match self {
            Self::Arrive | Self::Seat(_) | Self::SeatOneWhoWaits | Self::Requeue => Outcome::Seated,
            Self::Ready | Self::ReadyUndoneFree => Outcome::Seated,
            Self::ArriveToWait | Self::SeatToWait | Self::RequeueToWait => Outcome::Waits,
            Self::ReadyUndone => Outcome::Waits,
            Self::Sell | Self::CancelHandedOver => Outcome::HandedOver,
            _ => Outcome::Done,
        }
    }

    /// The agent it makes eligible. Stopped between his word and his bits, it leaves him to those
    /// who ask for him by name, until he is full and free again.
    pub(super) const fn shows(self) -> Option<UserId> {
        match self {
            Self::Free | Self::CancelHandedOver | Self::ReadyUndoneFree => Some(FULL),
            Self::Resume | Self::RaiseCap => Some(FULL),
            _ => None,
        }
    }

    /// Brings the house to where it begins.
    pub(super) fn prepare(self, house: &mut House) -> Call {
        if !self.waiting().is_empty() {
            house.take(SPARE);
        }
        for (lane, key) in self.waiting().iter().zip(1..) {
            assert_eq!(house.core.arrive(ONE, slot(*lane, 0), key), Arrival::Waiting);
        }
        if matches!(
            self,
            Self::CancelHandedOver | Self::Ready | Self::ReadyUndone | Self::ReadyUndoneFree
        ) {
            house.free(FULL);
        }
        match self {
            Self::ReadyUndone => house.core.presence(FULL, Presence::Paused),
            Self::ReadyUndoneFree => {
                house.core.presence(FULL, Presence::Paused);
                house.core.presence(FULL, Presence::Available);
            }
            Self::Resume => {
                house.core.presence(FULL, Presence::Paused);
                house.free(FULL);
            }
            _ => {}
        }
        self.call(house)
    }

    fn call(self, house: &mut House) -> Call {
        let waits = slot(0, 0);
        let new = slot(0, 9);
        match self {
            Self::Arrive | Self::ArriveToWait => Call::Arrive(ONE),
            Self::Free | Self::Sell => Call::Free(house.ticket(FULL)),
            Self::Seat(kind) => Call::Seat(SPARE, new, kind),
            Self::SeatToWait => Call::Seat(FULL, new, SeatKind::Back),
            Self::SeatOneWhoWaits => Call::Seat(APART, waits, SeatKind::Reassign),
            Self::Requeue => Call::Requeue(GroupId(4)),
            Self::RequeueToWait => Call::Requeue(GroupId(2)),
            Self::Cancel | Self::CancelHandedOver => Call::Cancel,
            Self::Ready | Self::ReadyUndone | Self::ReadyUndoneFree => Call::Ready,
            Self::Pause => Call::Presence(SPARE, Presence::Paused),
            Self::Resume => Call::Presence(FULL, Presence::Available),
            Self::Offline => Call::Presence(SPARE, Presence::Offline),
            Self::RaiseCap => Call::Edit(house.with_user(FULL, |user| user.cap = cap(CAP + 1))),
            Self::LowerCap => Call::Edit(house.with_user(SPARE, |user| user.cap = cap(1))),
            Self::Join => Call::Edit(house.with_user(APART, |user| user.groups.push(member(1)))),
            Self::Leave => Call::Edit(house.with_user(SPARE, |user| {
                user.groups.remove(0);
            })),
            Self::ChangePolicy => {
                let mut settings = house.settings.clone();
                let group = settings.groups.get_mut(&ONE).unwrap();
                group.policy = policy_after(group.policy, 1);
                Call::Edit(settings)
            }
        }
    }
}

impl Call {
    /// Makes the call; what it was given is kept for ever. What it came to, in a word.
    pub(super) fn make(self, core: &Core) -> Outcome {
        match self {
            Self::Arrive(group) => match core.arrive(group, slot(0, 9), 9) {
                Arrival::Seated(_) => Outcome::Seated,
                Arrival::Waiting => Outcome::Waits,
            },
            Self::Free(ticket) => match core.free(ticket, Duration::from_secs(60)) {
                Freed::HandedOver => Outcome::HandedOver,
                Freed::Released => Outcome::Done,
            },
            Self::Seat(agent, slot, kind) => match core.seat(agent, slot, 9, kind) {
                SeatOutcome::Seated(_) => Outcome::Seated,
                SeatOutcome::Waiting => Outcome::Waits,
                _ => Outcome::Refused,
            },
            Self::Requeue(group) => match core.requeue(slot(0, 0), group, 9) {
                Requeued::Seated(_) => Outcome::Seated,
                Requeued::Waiting => Outcome::Waits,
                Requeued::HandedOver => Outcome::Refused,
            },
            Self::Cancel => match core.cancel(slot(0, 0)) {
                Cancelled::Cancelled => Outcome::Done,
                Cancelled::Freed => Outcome::HandedOver,
                Cancelled::NotWaiting => Outcome::Refused,
            },
            Self::Ready => match core.ready(LaneId::FIRST) {
                Some(_) => Outcome::Seated,
                None => Outcome::Waits,
            },
            Self::Presence(user, presence) => {
                core.presence(user, presence);
                Outcome::Done
            }
            Self::Edit(settings) => {
                core.edit(&settings);
                Outcome::Done
            }
        }
    }
}

/// The policies group 1 has in turn.
pub(super) const POLICIES: [Policy; 5] = Policy::ALL;
