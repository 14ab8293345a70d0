use model::desk::{Cause, Event, Sweep, Timer};
use storage::port::{Offset, Topic};

/// What to count an event as.
pub(super) const fn of(event: &Event) -> &'static str {
    match event {
        Event::Opened(_) => "opened",
        Event::MessageReceived { .. } => "received",
        Event::MessageSent { .. } => "sent",
        Event::Queued(_) => "queued",
        Event::Assigned(_) => "assigned",
        Event::Moved(_) => "moved",
        Event::Pended { .. } => "pended",
        Event::Warned { .. } => "warned",
        Event::Closed { .. } => "closed",
        Event::SendAnswered { .. } => "answered",
        Event::ReceiptApplied { .. } => "receipt",
        Event::PresenceChanged { .. } => "presence",
        Event::LeasesRenewed { .. } => "renewed",
        Event::SettingsApplied { .. } => "settings",
        Event::Duplicate { .. } => "duplicate",
        Event::ReceiptIgnored { .. } => "ignored",
        Event::CommandRejected { .. } => "rejected",
        Event::InputRefused { .. } => "refused",
    }
}

/// What to count a cause as, if time is it.
pub(super) const fn of_time(cause: Cause) -> Option<(&'static str, &'static str)> {
    match cause {
        Cause::Timer(Timer::Lease(_)) => Some(("timer", "lease")),
        Cause::Timer(Timer::Pending(_)) => Some(("timer", "pending")),
        Cause::Timer(Timer::Warning(_)) => Some(("timer", "warning")),
        Cause::Timer(Timer::Silence(_)) => Some(("timer", "silence")),
        Cause::Sweep(Sweep::Absence { .. }) => Some(("sweep", "absence")),
        _ => None,
    }
}

/// The input that a record is of, if it is of one.
pub(super) const fn input_of(cause: Cause) -> Option<(Topic, Offset)> {
    match cause {
        Cause::Inbound(offset) => Some((Topic::Inbound, offset)),
        Cause::Command(offset) => Some((Topic::Commands, offset)),
        Cause::Control(offset) => Some((Topic::Control, offset)),
        Cause::Settings(offset) => Some((Topic::Settings, offset)),
        Cause::HandOver(_) | Cause::Sweep(_) | Cause::Timer(_) => None,
    }
}
