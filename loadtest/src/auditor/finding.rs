use std::fmt;

/// A promise of the delivery contract that a run can show broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contract {
    /// 2xx only after the record is durable.
    C1,
    /// One effect per message and per command, however often it is delivered.
    C2,
    /// Order per contact is kept.
    C3,
    /// No assignment takes an agent above the cap.
    C5,
    /// Nothing disappears.
    C6,
    /// Work is conserved: at rest nobody waits while an agent is free.
    C7,
    /// At rest sent = delivered + failed + pending.
    C10,
    /// An accepted outbound message is sent at least once, in order.
    C11,
}

/// What kind of breach was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Breach {
    /// A message was answered 2xx and is not in history.
    LostInbound,
    /// A message is in history more than once.
    DoubledInbound,
    /// A message is in history that no customer sent so: under another id, or with another text.
    InventedInbound,
    /// A contact's messages stand in history in another order than they were sent.
    DisorderedInbound,
    /// A message is in history and no agent was ever shown it.
    NeverShown,
    /// An accepted reply did not reach its contact.
    LostReply,
    /// A reply reached the provider under two own ids.
    DoubledReply,
    /// Own ids were sent twice, more than the windows in flight at the crashes explain.
    RepeatedSend,
    /// Messages reached a contact in another order than the conversation's.
    DisorderedSend,
    /// An agent held more conversations than his cap.
    OverCap,
    /// A conversation's sequence has a gap or a place used twice.
    BrokenSequence,
    /// A conversation was still waiting at the end.
    LeftWaiting,
    /// A conversation was still with an agent at the end.
    LeftOpen,
    /// A message was sent and nobody knows what became of it.
    Pending,
}

/// One breach with an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind.
    pub breach: Breach,
    /// Where it was seen.
    pub example: String,
}

impl Contract {
    /// Its name, as the documentation has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::C1 => "C1",
            Self::C2 => "C2",
            Self::C3 => "C3",
            Self::C5 => "C5",
            Self::C6 => "C6",
            Self::C7 => "C7",
            Self::C10 => "C10",
            Self::C11 => "C11",
        }
    }
}

impl Breach {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::LostInbound,
        Self::DoubledInbound,
        Self::InventedInbound,
        Self::DisorderedInbound,
        Self::NeverShown,
        Self::LostReply,
        Self::DoubledReply,
        Self::RepeatedSend,
        Self::DisorderedSend,
        Self::OverCap,
        Self::BrokenSequence,
        Self::LeftWaiting,
        Self::LeftOpen,
        Self::Pending,
    ];

    /// The promise it breaks.
    pub const fn contract(self) -> Contract {
        match self {
            Self::LostInbound => Contract::C1,
            Self::DoubledInbound | Self::InventedInbound | Self::DoubledReply => Contract::C2,
            Self::DisorderedInbound => Contract::C3,
            Self::OverCap => Contract::C5,
            Self::NeverShown | Self::BrokenSequence | Self::LeftOpen => Contract::C6,
            Self::LeftWaiting => Contract::C7,
            Self::Pending => Contract::C10,
            Self::LostReply | Self::RepeatedSend | Self::DisorderedSend => Contract::C11,
        }
    }

    /// In words, for the report.
    pub const fn words(self) -> &'static str {
        match self {
            Self::LostInbound => "answered 2xx, not in history",
            Self::DoubledInbound => "in history more than once",
            Self::InventedInbound => "in history, not as any customer sent it",
            Self::DisorderedInbound => "in history out of the contact's order",
            Self::NeverShown => "in history, never shown to an agent",
            Self::LostReply => "reply accepted, never reached its contact",
            Self::DoubledReply => "reply sent under two own ids",
            Self::RepeatedSend => "own id sent twice, no crash explains it",
            Self::DisorderedSend => "sent out of the conversation's order",
            Self::OverCap => "agent above his cap",
            Self::BrokenSequence => "conversation with a gap in its sequence",
            Self::LeftWaiting => "conversation left waiting",
            Self::LeftOpen => "conversation left open",
            Self::Pending => "sent, outcome unknown",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (contract, words) = (self.breach.contract().name(), self.breach.words());
        write!(f, "{contract} broken: {words}: {}", self.example)
    }
}
