//! Where models and schedules make the code wrong on purpose; each is one point of it.

#[cfg(any(test, chasqui_loom))]
use std::cell::Cell;

macro_rules! mutants {
    ($($(#[$meaning:meta])* $name:ident,)*) => {
        /// The points at which a model can be made wrong. In production all are right.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(in crate::assign) enum Mutant {
            $($(#[$meaning])* $name,)*
        }

        impl Mutant {
            /// All of them; each is refuted by a model.
            #[cfg(all(test, chasqui_loom))]
            pub(in crate::assign) const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

mutants! {
    // Bits.
    /// A cleared bit's word is not looked at again.
    ClearWithoutLook,
    /// An emptied leaf's summary is cleared without looking at the leaf again.
    SummaryWithoutLook,
    /// A summary is looked at without a fence after the bit below was set.
    SummaryWithoutFence,
    /// A setter who finds a summary set looks at none above it.
    RaiseStopsAtSet,
    /// A repair sets the summary it found missing, and none above it.
    RepairOneLevel,
    /// A repaired bit owes no tail check.
    RepairWithoutTail,
    /// Who took the place of the last who came free does not look at him again.
    LatestWithoutLook,
    /// A bit cleared in a layout that is in force no more is not set again in the next.
    RepairInOldLayout,

    // Who waits and who is free find each other.
    /// No fence between entering a line and looking for an agent.
    TailWithoutFence,
    /// No fence between becoming eligible and the bits.
    AppearWithoutFence,
    /// A conversation begins to wait and does not look again.
    EnterWithoutTail,
    /// A seat that goes back to its agent does not look at his lines.
    ReleaseWithoutTail,
    /// A resume sets no bits and looks at no lines.
    ResumeWithoutLook,
    /// An edit does not look at the lines.
    EditWithoutTail,
    /// Who becomes free or comes back does not look at his own line.
    TailForgetsOwn,
    /// An edit does not look at agents' own lines.
    EditForgetsOwn,
    /// An undo does not look at the agent's own line.
    UndoForgetsOwn,
    /// The line of an undone conversation is not looked at.
    UndoForgetsLine,
    /// A seat given back owes only the line it was meant for.
    UndoOwnLineOnly,
    /// A seat given back owes nothing.
    VacateOwesNothing,

    // Seats.
    /// A failed reservation gives up instead of trying again.
    ReserveGivesUp,
    /// A reservation overwrites the agent's word.
    BlindReserve,
    /// A reservation counts first, looks then, and takes its count back.
    CountFirst,
    /// A seat is sold again whatever its agent's word says.
    ResellUnasked,
    /// A freed seat that lost its head is dropped.
    LostHeadDropsSeat,
    /// A seat asked for by name is kept when the conversation was handed another.
    LostSeatIsKept,
    /// A turn is stored, not compared.
    TurnStored,

    // Hand-over.
    /// A slot's word is stored, not compared.
    BlindSlot,
    /// A conversation that ends stores its slot free, whatever was handed to it.
    BlindWithdraw,
    /// A cancel that lost its slot drops the seat.
    CancelDropsSeat,
    /// A conversation that could not leave its line is not put back into it.
    WithdrawnStaysOut,
    /// The ready bit is set before the slot's word.
    BitBeforeWord,
    /// The summary of the ready bits is set before the bit.
    SummaryBeforeLeaf,
    /// The owner looks at a slot before he clears its ready bit.
    LookBeforeClear,
    /// An undo gives the seat back, and looks, before the conversation waits again.
    SeatBeforeLine,
    /// No fence between asking to be rung and the last look.
    RestWithoutFence,
    /// A lane that asked to be rung does not look once more.
    RestWithoutLook,
    /// A lane that nobody seems to have rung since it asked does not ask anew.
    AskOnce,

    // Generations.
    /// A hand-over is confirmed without comparing generations.
    ConfirmUnseen,
    /// Pause does not bump the generation.
    PauseKeepsGeneration,
    /// Going offline does not bump the generation.
    OfflineKeepsGeneration,
    /// A lowered cap does not bump the generation.
    LowerKeepsGeneration,
    /// Leaving a group, or the house, does not bump the generation.
    LeaveKeepsGeneration,
    /// An agent who comes back begins with a new word.
    ComesBackAnew,

    // Layouts.
    /// A removed member's generation is bumped before the layout is published.
    BumpBeforeLayout,
    /// Members are not looked at again after the layout is published.
    PublishWithoutLook,
    /// The reservation does not look whether the agent is a member.
    ReserveStranger,
    /// The reservation looks at the layout before it reads the agent's word.
    LayoutBeforeWord,
    /// Who becomes eligible sets his bits in the layout he knew before.
    AppearInOldLayout,
    /// A seat is sold again for the lines its agent served when the release began.
    ResellInOldLayout,

    // Lists.
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
    /// A bit that is to be moved is cleared before the agent is shown further on.
    MoveClearsFirst,
    /// Who shows an agent by score does not look again where the ring begins.
    PlaceWithoutLook,
    /// Who moves the ring's beginning up does not look at what he passed over.
    RaiseWithoutLook,
    /// A score that fell is not shown.
    FallUnseen,
    /// Nobody was found in a round that begins elsewhere by now.
    NobodyInAnotherRound,
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
