use std::collections::BTreeSet;

use model::desk::{Event, Lease, Rejection};
use model::id::UserId;
use model::limit;
use model::people::{Presence, User};

use super::{After, Context};

/// A user is available, paused or offline (lane 0).
pub(crate) fn set_presence(
    cx: &mut Context,
    user: UserId,
    presence: Presence,
) -> Result<Vec<Event>, Rejection> {
    let known = of_here(cx, user);
    let leaves = presence == Presence::Offline;
    if !known.is_some_and(|user| user.active || leaves) {
        return Err(Rejection::NotAllowed);
    }
    cx.after.push(After::Presence { user, presence });
    Ok(vec![Event::PresenceChanged { user, presence, grace_until: None }])
}

/// A gateway renewed its sessions (lane 0): those of this shard's users hold on. What is beyond
/// [`limit::LEASE_USERS`] is not looked at.
pub(crate) fn renew(cx: &Context, lease: &Lease) -> Vec<Event> {
    let users = lease.users.iter().take(limit::LEASE_USERS).copied();
    let users: BTreeSet<UserId> = users.filter(|user| of_here(cx, *user).is_some()).collect();
    match users.is_empty() {
        true => Vec::new(),
        false => vec![Event::LeasesRenewed { users: users.into_iter().collect() }],
    }
}

/// A user whose operation is one of this shard.
fn of_here(cx: &Context, user: UserId) -> Option<&User> {
    let settings = &cx.settings.settings;
    let known = settings.users.get(&user)?;
    let operation = settings.operations.get(&known.operation)?;
    (operation.shard == cx.home.shard).then_some(known)
}
