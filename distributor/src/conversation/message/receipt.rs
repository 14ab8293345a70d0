use model::desk::{Event, Outcome, Receipt, SendResult};
use model::fold::SentMessage;
use model::id::MessageId;
use model::service::ReceiptStatus;

use crate::conversation::{Context, Refusal};

/// What a provider answered to a send. Written for closed conversations too: dispatch goes by it.
pub(crate) fn outcome(cx: &Context, outcome: Outcome) -> Result<Vec<Event>, Refusal> {
    let Outcome { message, result, tries, .. } = outcome;
    match standing(cx, message) {
        Standing::Unknown => Err(Refusal::dangling(format!("there is no message {message}"))),
        Standing::Known(sent) if !news(sent, &result) => Ok(Vec::new()),
        Standing::Known(_) | Standing::Forgotten => {
            Ok(vec![Event::SendAnswered { message, result, tries }])
        }
    }
}

/// A provider's receipt: by our own id where it is echoed, else by the provider's among the
/// messages sent to the address. An echoed id is believed only of the channel the message was sent
/// by: whoever may sign for one channel says nothing about another's messages. Of a conversation
/// that ended longer ago than is remembered the channel is not known, and nothing is believed.
pub(crate) fn receipt(cx: &Context, receipt: Receipt) -> Vec<Event> {
    let Receipt { provider_id, status, at, code, .. } = receipt;
    let found = match receipt.message {
        Some(message) => {
            let own = cx.state.is_of_channel(message.conversation, receipt.channel);
            own.then(|| (message, standing(cx, message)))
        }
        None => cx.state.of_address(receipt.channel, &receipt.address).and_then(|open| {
            let sent = open.sent_as(&provider_id).filter(|_| !provider_id.is_empty())?;
            let message = MessageId { conversation: open.id, seq: sent.seq };
            Some((message, Standing::Known(sent)))
        }),
    };
    match found {
        Some((message, standing)) if moves_on(&standing, status) => {
            vec![Event::ReceiptApplied { message, status, at, code }]
        }
        _ => vec![Event::ReceiptIgnored { provider_id }],
    }
}

/// What a lane knows of a message it may have sent.
enum Standing<'a> {
    /// It is among the newest of an open conversation.
    Known(&'a SentMessage),
    /// Its conversation is over, or has sent many since: only history knows.
    Forgotten,
    /// No such conversation, or no such message of it.
    Unknown,
}

fn standing(cx: &Context, message: MessageId) -> Standing<'_> {
    let Some(open) = cx.state.conversations.get(&message.conversation) else {
        let existed = cx.opened(message.conversation) && message.seq > 0;
        return if existed { Standing::Forgotten } else { Standing::Unknown };
    };
    if let Some(sent) = open.sent(message.seq) {
        return Standing::Known(sent);
    }
    let oldest = open.sent.front().map_or(0, |sent| sent.seq);
    let gone = open.sent.len() == model::limit::VIEW_MESSAGES && message.seq < oldest;
    if gone && message.seq > 0 { Standing::Forgotten } else { Standing::Unknown }
}

/// Receipts never move backwards: read > delivered > sent, and a failure the provider named is
/// final (C3).
fn moves_on(standing: &Standing<'_>, status: ReceiptStatus) -> bool {
    match standing {
        Standing::Known(sent) => sent.moves_to(status),
        Standing::Forgotten => true,
        Standing::Unknown => false,
    }
}

/// Whether an answer tells more than is known: the same id again does not, and after a message
/// was accepted a repeat of its send cannot make it fail.
fn news(sent: &SentMessage, result: &SendResult) -> bool {
    match result {
        SendResult::Accepted { provider_id } => sent.provider_id != *provider_id,
        SendResult::Failed { .. } => sent.provider_id.is_empty(),
    }
}
