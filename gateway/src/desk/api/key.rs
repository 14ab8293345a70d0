//! What an `Idempotency-Key` names.
//!
//! The id of a command is made of the key *and* the command. So a key that is used again for
//! another command can never be answered with the first one's answer: as long as this process
//! remembers the first use it is refused with 422, which tells the client of its mistake; once
//! forgotten (after a restart, or [`limit::IDEMPOTENCY_KEYS`] later) it is another command with
//! an id of its own, and has the effect it asks for. A repeat of the same command has the same id
//! and one effect in either case.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use model::desk::{Body, Command, CommandRecord, Envelope, Stamped, wire};
use model::id::{CommandId, UserId};
use model::limit;
use model::time::Timestamp;
use parking_lot::Mutex;

use super::problem::Problem;
use super::server::Desk;

/// The client's `Idempotency-Key`, if it sent one.
pub(crate) struct CommandKey(Option<String>);

/// What the keys used lately were used for.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    uses: Mutex<Uses>,
}

#[derive(Debug, Default)]
struct Uses {
    ids: HashMap<Use, CommandId>,
    oldest_first: VecDeque<Use>,
}

/// A user, and his key's hash.
type Use = (UserId, CommandId);

impl FromRequestParts<Arc<Desk>> for CommandKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Desk>) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        let lawful = |key: &&str| (1..=limit::IDEMPOTENCY_KEY_BYTES).contains(&key.len());
        let key = value.to_str().ok().filter(lawful).ok_or_else(|| {
            let most = limit::IDEMPOTENCY_KEY_BYTES;
            Problem::malformed(format!("`Idempotency-Key` is 1 to {most} ASCII characters"))
        })?;
        Ok(Self(Some(key.to_owned())))
    }
}

impl CommandKey {
    /// The id of this command of this user under the key; `None` if the client sent none.
    pub(crate) fn names(&self, user: UserId, command: &Command) -> Option<CommandId> {
        Some(CommandId::of_key(self.0.as_ref()?, &bytes(user, command)))
    }
}

impl Keys {
    /// The id of a user's command; a problem if its key was used for another one.
    pub(crate) fn id_of(
        &self,
        user: UserId,
        key: &CommandKey,
        command: &Command,
    ) -> Result<CommandId, Problem> {
        let (Some(text), Some(id)) = (&key.0, key.names(user, command)) else { return random() };
        let first = self.uses.lock().first((user, CommandId::of_key(text, &[])), id);
        if first == id { Ok(id) } else { Err(Problem::reused_key()) }
    }
}

impl Uses {
    /// The command this key was first used for: `id`, if it is new.
    fn first(&mut self, key: Use, id: CommandId) -> CommandId {
        if let Some(first) = self.ids.get(&key) {
            return *first;
        }
        if self.oldest_first.len() >= limit::IDEMPOTENCY_KEYS
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.ids.remove(&oldest);
        }
        self.oldest_first.push_back(key);
        self.ids.insert(key, id);
        id
    }
}

/// The command as the log would hold it, without what differs between repeats.
fn bytes(user: UserId, command: &Command) -> Vec<u8> {
    let (id, at) = (CommandId::default(), Timestamp::default());
    let record = CommandRecord { user, id, at, command: command.clone() };
    let stamped = Stamped { envelope: Envelope::of_input(at), body: Body::Command(record) };
    wire::encode(&stamped).into()
}

fn random() -> Result<CommandId, Problem> {
    let mut bytes = [0; 16];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(CommandId(u128::from_be_bytes(bytes))),
        Err(error) => {
            tracing::error!(%error, "no randomness from the operating system");
            Err(Problem::internal())
        }
    }
}

#[cfg(test)]
mod tests {
    use model::people::Presence;

    use super::*;

    const ANA: UserId = UserId(1);
    const PAUSE: Command = Command::SetPresence { presence: Presence::Paused };
    const COME: Command = Command::SetPresence { presence: Presence::Available };

    fn key(text: &str) -> CommandKey {
        CommandKey(Some(text.to_owned()))
    }

    #[test]
    fn a_key_is_one_command_of_one_user() {
        let keys = Keys::default();
        let first = keys.id_of(ANA, &key("k"), &PAUSE).unwrap();
        assert_eq!(keys.id_of(ANA, &key("k"), &PAUSE), Ok(first));
        assert_eq!(keys.id_of(ANA, &key("k"), &COME), Err(Problem::reused_key()));
        assert!(keys.id_of(UserId(2), &key("k"), &COME).is_ok(), "another user's key is his");
        assert_ne!(keys.id_of(ANA, &key("l"), &PAUSE), Ok(first));
    }

    #[test]
    fn a_process_that_remembers_nothing_gives_repeats_the_same_id_and_no_other_command_it() {
        let first = Keys::default().id_of(ANA, &key("k"), &PAUSE);
        assert_eq!(Keys::default().id_of(ANA, &key("k"), &PAUSE), first);
        assert_ne!(Keys::default().id_of(ANA, &key("k"), &COME), first);
    }

    #[test]
    fn the_oldest_use_is_forgotten_at_the_bound() {
        let mut uses = Uses::default();
        let of = |n: usize| (ANA, CommandId(n as u128));
        for n in 0..=limit::IDEMPOTENCY_KEYS {
            uses.first(of(n), CommandId(0));
        }
        assert_eq!((uses.ids.len(), uses.oldest_first.len()), (65_536, 65_536));
        assert_eq!(uses.first(of(1), CommandId(9)), CommandId(0), "still remembered");
        assert_eq!(uses.first(of(0), CommandId(9)), CommandId(9), "forgotten");
    }
}
