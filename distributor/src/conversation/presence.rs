use model::desk::{Event, Rejection};
use model::id::UserId;
use model::people::Presence;

use super::{After, Context};

/// A user is available, paused or offline (lane 0).
pub(crate) fn set_presence(
    cx: &mut Context,
    user: UserId,
    presence: Presence,
) -> Result<Vec<Event>, Rejection> {
    let settings = &cx.settings.settings;
    let known = settings.users.get(&user);
    let operation = known.and_then(|user| settings.operations.get(&user.operation));
    let here = operation.is_some_and(|operation| operation.shard == cx.home.shard);
    let leaves = presence == Presence::Offline;
    if !here || !known.is_some_and(|user| user.active || leaves) {
        return Err(Rejection::NotAllowed);
    }
    cx.after.push(After::Presence { user, presence });
    Ok(vec![Event::PresenceChanged { user, presence }])
}
