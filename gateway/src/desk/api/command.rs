use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use model::desk::{Body, Command, CommandRecord, Envelope, Stamped, wire};
use model::id::{CommandId, MessageId, OperationId};
use model::limit;
use serde_json::json;
use storage::port::{NewRecord, Partition, Topic};
use tokio::time::{Instant, timeout_at};

use crate::view::{CommandAnswer, Expected};

use super::extract::Subject;
use super::key::CommandKey;
use super::problem::Problem;
use super::server::Desk;

/// What is known of a command when its client is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It had its effect, and sent this message if it sent one.
    Done(CommandId, Option<MessageId>),
    /// It is durable; its effect is yet to be seen.
    Accepted(CommandId),
}

/// Appends a command and waits for the record that answers it, together at most
/// [`limit::COMMAND_WAIT`]. A command already answered is not appended again.
pub(crate) async fn submit(
    desk: &Desk,
    subject: &Subject,
    key: &CommandKey,
    command: Command,
) -> Result<Outcome, Problem> {
    let deadline = Instant::now() + limit::COMMAND_WAIT;
    let id = desk.keys.id_of(subject.user.id, key, &command)?;
    let partition = partition(desk, subject, &command)?;
    let waiter = match desk.view.expect(subject.user.id, id) {
        Expected::Known(answer) => return told(id, answer),
        Expected::Later(waiter) => waiter,
    };
    let at = desk.ports.clock.now();
    let record = CommandRecord { user: subject.user.id, id, at, command };
    let stamped = Stamped { envelope: Envelope::of_input(at), body: Body::Command(record) };
    let record = NewRecord { partition, bytes: wire::encode(&stamped) };
    let appended = timeout_at(deadline, desk.ports.log.append(vec![record])).await;
    appended.map_err(|_| Problem::unavailable("the log is slow; the command may be taken"))??;
    match timeout_at(deadline, waiter.answer()).await {
        Ok(Some(answer)) => told(id, answer),
        Ok(None) | Err(_) => Ok(Outcome::Accepted(id)),
    }
}

/// The answer to a command that came before under the same key; `None` if it did not, or is no
/// longer remembered.
pub(crate) fn repeated(
    desk: &Desk,
    subject: &Subject,
    key: &CommandKey,
    command: &Command,
) -> Option<Result<Outcome, Problem>> {
    let user = subject.user.id;
    let id = key.names(user, command)?;
    Some(told(id, desk.view.answered(user, id)?))
}

fn told(id: CommandId, answer: CommandAnswer) -> Result<Outcome, Problem> {
    answer.map(|message| Outcome::Done(id, message)).map_err(Problem::rejected)
}

/// Where a command belongs: the home of the conversation it names, else the `control` of the shard
/// its user's operation lives on.
fn partition(desk: &Desk, subject: &Subject, command: &Command) -> Result<Partition, Problem> {
    if let Some(conversation) = command.conversation() {
        let home = desk.ports.place.of_conversation(conversation);
        return Ok(Partition::new(Topic::Commands, home.index()));
    }
    let operation: OperationId = subject.user.operation;
    let found = subject.settings.operations.get(&operation).ok_or_else(Problem::not_found)?;
    Ok(Partition::new(Topic::Control, u32::from(found.shard.get())))
}

impl IntoResponse for Outcome {
    /// 200 `{}`, or 202 with the command's id.
    fn into_response(self) -> Response {
        match self {
            Self::Done(..) => Json(json!({})).into_response(),
            Self::Accepted(id) => {
                (StatusCode::ACCEPTED, Json(json!({ "command": id.to_string() }))).into_response()
            }
        }
    }
}
