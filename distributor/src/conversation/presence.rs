use std::collections::BTreeSet;

use model::desk::{Event, Lease, Rejection};
use model::fold::Roll;
use model::id::UserId;
use model::limit;
use model::people::{GroupRules, Presence, User};
use model::time::Timestamp;

use super::{After, Context};

/// A user is available, paused or offline (lane 0).
pub(crate) fn set_presence(
    cx: &mut Context,
    roll: &Roll,
    (user, presence): (UserId, Presence),
    at: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    let known = of_here(cx, user);
    let leaves = presence == Presence::Offline;
    if !known.is_some_and(|user| user.active || leaves) {
        return Err(Rejection::NotAllowed);
    }
    Ok(change(cx, roll, (user, presence), at))
}

/// Nobody renewed the presence of a user: he is gone (lane 0).
pub(crate) fn run_out(cx: &mut Context, roll: &Roll, user: UserId, at: Timestamp) -> Vec<Event> {
    change(cx, roll, (user, Presence::Offline), at)
}

fn change(
    cx: &mut Context,
    roll: &Roll,
    (user, presence): (UserId, Presence),
    at: Timestamp,
) -> Vec<Event> {
    let leaves = presence == Presence::Offline;
    let grace_until = leaves.then(|| grace_until(cx, roll, user, at));
    cx.after.push(After::Presence { user, presence });
    vec![Event::PresenceChanged { user, presence, grace_until }]
}

/// Until when the conversations of somebody who leaves wait for him: as long as the most patient of
/// his groups says, from when he left first.
fn grace_until(cx: &Context, roll: &Roll, user: UserId, at: Timestamp) -> Timestamp {
    if roll.presence.get(&user) == Some(&Presence::Offline) {
        return roll.grace.get(&user).copied().unwrap_or(at);
    }
    let settings = &cx.settings.settings;
    let of_his = settings.users.get(&user).into_iter().flat_map(|user| &user.groups);
    let groups = of_his.filter_map(|membership| settings.groups.get(&membership.group));
    at + groups.map(|group| group.rules.grace).max().unwrap_or(GroupRules::GRACE)
}

/// A gateway renewed its sessions (lane 0): those of this shard's users who are
/// there hold on. What is beyond
/// [`limit::LEASE_USERS`] is not looked at.
pub(crate) fn renew(cx: &Context, roll: &Roll, lease: &Lease) -> Vec<Event> {
    let users = lease.users.iter().take(limit::LEASE_USERS).copied();
    let holds = |user: &UserId| roll.is_there(*user) && of_here(cx, *user).is_some();
    let users: BTreeSet<UserId> = users.filter(holds).collect();
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
