//! What becomes of a conversation because nobody spoke in it: one file for each reason. What becomes
//! of those of an absent agent is a [move](super::moves) like others. When to look is
//! the [agenda](crate::timer)'s affair; a rule here decides by state and settings alone, and says
//! when to look again where there is nothing to do yet.

mod silence;
mod idle;

use model::desk::{Event, Timer};
use model::fold;
use model::id::ConversationId;
use model::people::GroupRules;
use model::time::Timestamp;

use super::moves::end;
use super::{Context, InForce, set_aside};

/// What came of a look at a conversation.
#[derive(Debug)]
pub(crate) enum Look {
    /// Something was due.
    Due(Timer, Vec<Event>),
    /// Nothing is due before this, if ever.
    Later(Option<Timestamp>),
}

/// When to look at a conversation at the latest.
pub(crate) fn next_look(open: &fold::Conversation, settings: &InForce) -> Option<Timestamp> {
    let rules = rules_of(open, settings)?;
    let all = [silence::next(open, rules), idle::next(open, rules)];
    all.into_iter().flatten().min()
}

/// Looks at a conversation at lane time `at`.
pub(crate) fn look(cx: &mut Context, id: ConversationId, at: Timestamp) -> Look {
    let settings = cx.settings.clone();
    let Some(open) = cx.state.conversations.get(&id) else { return Look::Later(None) };
    let Some(rules) = rules_of(open, &settings) else { return Look::Later(None) };
    let idle = idle::next(open, rules);
    let silent = match silence::look(cx, open, rules, at) {
        silence::Silence::Warn(events) => return Look::Due(Timer::Warning(id), events),
        silence::Silence::End(reason) => {
            return Look::Due(Timer::Silence(id), end(cx, id, reason, at));
        }
        silence::Silence::Later(next) => next,
    };
    if idle.is_some_and(|idle| idle <= at) {
        return Look::Due(Timer::Pending(id), set_aside(cx, id, at));
    }
    Look::Later(silent.into_iter().chain(idle).min())
}

/// What the group of a conversation does with it.
fn rules_of<'a>(open: &fold::Conversation, settings: &'a InForce) -> Option<&'a GroupRules> {
    let group = settings.settings.groups.get(&open.group?)?;
    Some(&group.rules)
}
