//! Where models and schedules make the code wrong on purpose; each is one point of it.

#[cfg(any(test, chasqui_loom))]
use std::cell::Cell;

/// The points at which a test can make it wrong. In production all are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::assign) enum Mutant {
    /// A cleared bit's word is not looked at again.
    ClearWithoutLook,
    /// An emptied leaf's summary is cleared without looking at the leaf again.
    SummaryWithoutLook,
    /// A repaired bit owes no tail check.
    RepairWithoutTail,
    /// No fence between entering a line and looking for an agent.
    TailWithoutFence,
    /// No fence between becoming eligible and the bits.
    AppearWithoutFence,
    /// A seat given back owes only the line it was meant for.
    UndoOwnLineOnly,
    /// A seat given back owes nothing.
    VacateOwesNothing,
    /// The line of an undone conversation is not looked at.
    UndoForgetsLine,
    /// A failed reservation gives up instead of trying again.
    ReserveGivesUp,
    /// Pause does not bump the generation.
    PauseKeepsGeneration,
    /// A hand-over is confirmed without comparing generations.
    ConfirmUnseen,
    /// A freed seat that lost its head is dropped.
    LostHeadDropsSeat,
    /// The ready bit is set before the slot's word.
    BitBeforeWord,
    /// The key is written after the slot is linked.
    KeyAfterLink,
    /// A slot is linked before its word says that it waits.
    LinkBeforeWord,
    /// The word is made free before the slot is unlinked.
    FreeBeforeUnlink,
    /// A reader does not look at the slot again after its link.
    LinkWithoutLook,
    /// A slot's use count stays the same.
    SameUseCount,
    /// A removed member's generation is bumped before the layout is published.
    BumpBeforeLayout,
    /// Members are not looked at again after the layout is published.
    PublishWithoutLook,
    /// The reservation does not look whether the agent is a member.
    ReserveStranger,
    /// A reservation overwrites the agent's word.
    BlindReserve,
    /// A conversation begins to wait and does not look again.
    EnterWithoutTail,
    /// A seat that goes back to its agent does not look at his lines.
    ReleaseWithoutTail,
    /// A cancel that lost its slot drops the seat.
    CancelDropsSeat,
}

/// Whether the code is wrong at this point: never in production.
#[inline]
pub(in crate::assign) fn wrong(at: Mutant) -> bool {
    #[cfg(any(test, chasqui_loom))]
    return is(at);
    #[cfg(not(any(test, chasqui_loom)))]
    {
        let _ = at;
        false
    }
}

#[cfg(any(test, chasqui_loom))]
thread_local! {
    static WRONG: Cell<Option<Mutant>> = const { Cell::new(None) };
}

/// Makes the calling thread's next model, or schedules, wrong at this point, or at none.
#[cfg(test)]
pub(in crate::assign) fn set(wrong: Option<Mutant>) {
    WRONG.set(wrong);
}

#[cfg(any(test, chasqui_loom))]
fn is(wrong: Mutant) -> bool {
    WRONG.get() == Some(wrong)
}
