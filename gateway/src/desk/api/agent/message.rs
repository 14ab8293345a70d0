use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use model::desk::{Command, Rejection, wire};
use model::id::ConversationId;
use model::limit;
use model::service::Content;
use serde::{Deserialize, Serialize};
use serde_json::json;
use storage::port::{EntryKind, EntryRow, ReceiptRow};

use crate::api::allow::Action;
use crate::api::command::Outcome;
use crate::api::extract::{Asked, Body, ConversationPath, Subject};
use crate::api::key::CommandKey;
use crate::api::problem::Problem;
use crate::api::server::Desk;
use crate::view::shown::{Direction, ShownMessage};

use super::conversation::{find, wish};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    before: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendBody {
    text: String,
}

/// Messages of a conversation, oldest first.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Page {
    pub(crate) messages: Vec<ShownMessage>,
    /// Whether some between the first and the last are not there yet: history is behind.
    pub(crate) gap: bool,
}

/// `GET /v1/conversations/{id}/messages`
pub(crate) async fn list(
    State(desk): State<Arc<Desk>>,
    subject: Subject,
    ConversationPath(id): ConversationPath,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, Problem> {
    find(&desk, &subject, Action::Read, id).await?;
    Ok(Json(page(&desk, id, query.before).await?).into_response())
}

/// `POST /v1/conversations/{id}/messages`
pub(crate) async fn send(
    State(desk): State<Arc<Desk>>,
    subject: Subject,
    ConversationPath(conversation): ConversationPath,
    key: CommandKey,
    Body(body): Body<SendBody>,
) -> Result<Response, Problem> {
    if body.text.trim().is_empty() || body.text.len() > limit::TEXT_BYTES {
        return Err(Problem::rejected(Rejection::UnsendableContent));
    }
    let content = Content::Text(body.text);
    let command = Command::Send { conversation, content };
    match wish(&desk, &subject, &key, (conversation, command)).await? {
        Outcome::Done(_, Some(message)) => {
            Ok(Json(json!({ "id": message.to_string() })).into_response())
        }
        // Done long ago: what it sent is no longer known here.
        Outcome::Done(id, None) => Ok(Outcome::Accepted(id).into_response()),
        accepted @ Outcome::Accepted(_) => Ok(accepted.into_response()),
    }
}

/// Up to [`limit::HISTORY_PAGE`] messages before `before`: from the view what it has, from history
/// what is older, joined on the conversation's sequence.
pub(super) async fn page(
    desk: &Desk,
    id: ConversationId,
    before: Option<u32>,
) -> Result<Page, Problem> {
    let before = before.unwrap_or(u32::MAX);
    let mut newest = desk.view.messages(id).unwrap_or_default();
    newest.retain(|message| message.seq < before);
    let surplus = newest.len().saturating_sub(limit::HISTORY_PAGE);
    newest.drain(..surplus);
    let missing = limit::HISTORY_PAGE - newest.len();
    let join = newest.first().map_or(before, |message| message.seq);
    let mut page = older(desk, id, join, missing).await?;
    page.messages.append(&mut newest);
    Ok(page)
}

/// Up to `most` messages before `before`, from history.
async fn older(desk: &Desk, id: ConversationId, before: u32, most: usize) -> Result<Page, Problem> {
    let (mut page, mut next) = (Page::default(), before);
    while page.messages.len() < most && next > 1 {
        let entries = desk.ports.history.entries(id, next, limit::HISTORY_PAGE).await?;
        if entries.is_empty() {
            // Every sequence begins with 1, so there is more than history has yet.
            page.gap |= next != u32::MAX;
            break;
        }
        for entry in entries {
            page.gap |= next != u32::MAX && entry.id.seq + 1 != next;
            next = entry.id.seq;
            if page.messages.len() < most && entry.kind == EntryKind::Message {
                page.messages.push(shown(&entry)?);
            }
        }
    }
    page.messages.reverse();
    if let Some(first) = page.messages.first().map(|message| message.seq) {
        let receipts = desk.ports.history.receipts(id, first, before).await?;
        mark(&mut page.messages, &receipts);
    }
    Ok(page)
}

fn shown(entry: &EntryRow) -> Result<ShownMessage, Problem> {
    let content = wire::decode_content(&entry.body).map_err(|error| {
        tracing::error!(%error, id = %entry.id, "a message in history cannot be read");
        Problem::internal()
    })?;
    Ok(ShownMessage::new(entry.id.seq, entry.author, &content, entry.at.as_millis()))
}

/// Puts the furthest receipt on each message of ours. A failure that no provider named (its code
/// is negative) gives way to any receipt: the provider knows better.
fn mark(messages: &mut [ShownMessage], receipts: &[ReceiptRow]) {
    let is_presumed = |receipt: &&ReceiptRow| receipt.code.is_some_and(|code| code < 0);
    for message in messages.iter_mut().filter(|message| message.direction == Direction::Out) {
        let own = receipts.iter().filter(|receipt| receipt.id.seq == message.seq);
        let (presumed, named): (Vec<_>, Vec<_>) = own.partition(is_presumed);
        let furthest = |of: Vec<&ReceiptRow>| of.iter().map(|receipt| receipt.status).max();
        message.status = furthest(named).or(furthest(presumed));
    }
}

#[cfg(test)]
mod tests {
    use model::id::MessageId;
    use model::service::{Author, ReceiptStatus};
    use model::time::Timestamp;

    use super::*;

    fn marked(receipts: &[(ReceiptStatus, Option<i64>)]) -> Option<ReceiptStatus> {
        let text = Content::Text("hello".to_owned());
        let mut messages = [ShownMessage::new(1, Author::Flow, &text, 0)];
        let row = |&(status, code): &(ReceiptStatus, Option<i64>)| ReceiptRow {
            id: MessageId { conversation: ConversationId::default(), seq: 1 },
            status,
            at: Timestamp::default(),
            provider_id: String::new(),
            code,
        };
        mark(&mut messages, &receipts.iter().map(row).collect::<Vec<_>>());
        messages[0].status
    }

    #[test]
    fn a_failure_that_no_provider_named_gives_way_to_any_receipt() {
        use ReceiptStatus::{Delivered, Failed, Sent};
        assert_eq!(marked(&[(Failed, Some(-5))]), Some(Failed));
        assert_eq!(marked(&[(Delivered, None), (Failed, Some(-5))]), Some(Delivered));
        assert_eq!(marked(&[(Failed, Some(-5)), (Sent, None)]), Some(Sent));
        assert_eq!(marked(&[(Delivered, None), (Failed, Some(131_026))]), Some(Failed));
    }
}
