//! Where the models make the code wrong on purpose; each is one point of it.

#[cfg(chasqui_loom)]
use std::cell::Cell;

/// The points at which a model can be made wrong. In production all are right.
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
    /// No fence between asking to be rung and the last look.
    RestWithoutFence,
    /// A lane that asked to be rung does not look once more.
    RestWithoutLook,
    /// The key is written after the slot is linked.
    KeyAfterLink,
    /// An undone conversation leaves a hint behind it in force.
    UndoKeepsHint,
    /// The hint is taken back before the undone conversation waits.
    HintBeforeUndo,
    /// A conversation that goes before others leaves a hint behind it in force.
    PushKeepsHint,
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
    #[cfg(chasqui_loom)]
    return is(at);
    #[cfg(not(chasqui_loom))]
    {
        let _ = at;
        false
    }
}

#[cfg(chasqui_loom)]
thread_local! {
    static WRONG: Cell<Option<Mutant>> = const { Cell::new(None) };
}

/// Makes the calling thread's next model wrong at this point, or at none.
#[cfg(all(test, chasqui_loom))]
pub(in crate::assign) fn set(wrong: Option<Mutant>) {
    WRONG.set(wrong);
}

#[cfg(chasqui_loom)]
fn is(wrong: Mutant) -> bool {
    WRONG.get() == Some(wrong)
}
