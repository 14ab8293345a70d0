//! Where the simulation makes lanes and shards wrong on purpose; each is one point of the code.
//!
//! A build without debug assertions has none of it: there [`wrong`] is a constant.

#[cfg(debug_assertions)]
use std::cell::Cell;

/// The points at which the simulation can make the code wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutant {
    /// A record of another epoch counts.
    EpochIgnored,
    /// A record counts whatever is missing before it.
    GapAccepted,
    /// A record that stands twice in the log counts twice.
    RepeatApplied,
    /// The ids of commands are not remembered.
    CommandForgotten,
    /// A duplicate leaves no record.
    SilentDuplicate,
    /// A record says that the input after its own is handled, too.
    ResumePastNext,
    /// A message whose channel may be in settings not yet read is refused at once.
    HoldForgotten,
    /// What is due after a record was handed over is done before.
    ReleaseFirst,
    /// `Assigned` is handed over before the seat is reserved.
    AssignedFirst,
    /// A hand-over is confirmed whatever became of its agent meanwhile.
    HandOverUnguarded,
    /// Each lane numbers its own records.
    AppenderPerLane,
    /// A record that says that an input went to `dead` is handed over before it did.
    DeadAfterRecord,
    /// A conversation that ends keeps its seat.
    SeatKept,
    /// The owner writes before it has read its own claim.
    ClaimUnread,
    /// A claim is known by its epoch alone.
    ClaimByEpoch,
    /// A recovery does not tell the core who is there.
    PresenceForgotten,
    /// A recovery tells the core of no seats.
    SeatsForgotten,
    /// A recovery begins the keys of its queues anew.
    StampForgotten,
    /// A recovery begins lane time anew.
    LaneTimeForgotten,
    /// A recovery brings settings into force that were refused.
    RefusedSettings,
    /// An owner does not look whether somebody else is one.
    OmenIgnored,
    /// A recovery goes on reading one input too far.
    ResumedTooFar,
    /// A recovery reads its inputs from their start, and handles what it handled before.
    HandledAgain,
    /// Repeats are known by lane time, which stands still while a lane holds an input.
    WindowByLaneTime,
    /// A conversation that moves gives its seat back before the record that says so.
    MoveFreesFirst,
    /// A conversation that moves keeps the seat it had.
    MovedSeatKept,
    /// A conversation that moves does not see that a seat was handed to it.
    HandOverMissed,
    /// A transfer goes to any group.
    TransferAnywhere,
    /// A sweep ends with its first step.
    SweepStops,
    /// A recovery tells the core of nobody in an agent's own line.
    OwnLineForgotten,
    /// Timers go by the node's clock, whatever is not handled yet.
    WallTime,
    /// Lanes are shown who is gone before the record that says so was handed over.
    AbsentEarly,
    /// A recovery does not look for those who are gone.
    SweepForgotten,
    /// Nobody's conversations wait for him.
    GraceForgotten,
    /// A renewal does not move the end of a lease.
    RenewalIgnored,
    /// A warning is not remembered.
    WarnedAgain,
    /// A sweep ends with its first conversation.
    PlaceLost,
    /// Who came back is swept all the same.
    ReturnIgnored,
    /// A customer's answer does not move the end of his conversation.
    AnswerUnheard,
    /// New settings move no deadlines.
    ReviewForgotten,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 40] = [
        Self::EpochIgnored,
        Self::GapAccepted,
        Self::RepeatApplied,
        Self::CommandForgotten,
        Self::SilentDuplicate,
        Self::ResumePastNext,
        Self::HoldForgotten,
        Self::ReleaseFirst,
        Self::AssignedFirst,
        Self::HandOverUnguarded,
        Self::AppenderPerLane,
        Self::DeadAfterRecord,
        Self::SeatKept,
        Self::ClaimUnread,
        Self::ClaimByEpoch,
        Self::PresenceForgotten,
        Self::SeatsForgotten,
        Self::StampForgotten,
        Self::LaneTimeForgotten,
        Self::RefusedSettings,
        Self::OmenIgnored,
        Self::ResumedTooFar,
        Self::HandledAgain,
        Self::WindowByLaneTime,
        Self::MoveFreesFirst,
        Self::MovedSeatKept,
        Self::HandOverMissed,
        Self::TransferAnywhere,
        Self::SweepStops,
        Self::OwnLineForgotten,
        Self::WallTime,
        Self::AbsentEarly,
        Self::SweepForgotten,
        Self::GraceForgotten,
        Self::RenewalIgnored,
        Self::WarnedAgain,
        Self::PlaceLost,
        Self::ReturnIgnored,
        Self::AnswerUnheard,
        Self::ReviewForgotten,
    ];
}

#[cfg(debug_assertions)]
thread_local! {
    static WRONG: Cell<Option<Mutant>> = const { Cell::new(None) };
}

/// Whether the code is wrong at this point: never in production.
#[inline]
pub fn wrong(at: Mutant) -> bool {
    #[cfg(debug_assertions)]
    return WRONG.get() == Some(at);
    #[cfg(not(debug_assertions))]
    {
        let _ = at;
        false
    }
}

/// Runs `work` on this thread with the code wrong at this point, or at none.
#[cfg(debug_assertions)]
pub fn during<T>(wrong: Option<Mutant>, work: impl FnOnce() -> T) -> T {
    struct Mended(Option<Mutant>);
    impl Drop for Mended {
        fn drop(&mut self) {
            WRONG.set(self.0);
        }
    }
    let _mended = Mended(WRONG.replace(wrong));
    work()
}
