use model::desk::Event;
use model::fold;
use model::mutant::{Mutant, wrong};
use model::people::{self, GroupRules, Inactivity, Warning};
use model::service::{Author, CloseReason, Content, ConversationState};
use model::time::Timestamp;

use crate::conversation::message::may_write;
use crate::conversation::{Context, Draft};

/// What silence has come to.
pub(super) enum Silence {
    /// The customer is to be warned.
    Warn(Vec<Event>),
    /// It ends the conversation.
    End(CloseReason),
    /// It comes to nothing before this, if ever.
    Later(Option<Timestamp>),
}

/// The silence in a conversation, and what its group makes of it. It began with the last word of
/// those whose silence counts, or when the conversation came to where it is: nobody was silent
/// towards somebody who was not there. A warning is of the silence whose end it names.
struct Course<'a> {
    inactivity: &'a Inactivity,
    began: Timestamp,
    warned_until: Option<Timestamp>,
}

/// When silence may come to something in a conversation.
pub(super) fn next(open: &fold::Conversation, rules: &GroupRules) -> Option<Timestamp> {
    let course = Course::of(open, rules)?;
    Some(course.warning().map_or_else(|| course.end(), |(at, _)| at))
}

/// What silence has come to in a conversation at lane time `at`. A customer is warned before it
/// ends, however late it is, and then has the time between the two: after an outage nobody finds
/// his conversation closed unasked. Where no text may be sent to him there is no warning.
pub(super) fn look(
    cx: &Context,
    open: &fold::Conversation,
    rules: &GroupRules,
    at: Timestamp,
) -> Silence {
    let Some(course) = Course::of(open, rules) else { return Silence::Later(None) };
    let end = course.end();
    let content = |warning: &Warning| Content::Text(warning.text.clone());
    let warning = course.warning().map(|(due, warning)| (due, content(warning)));
    match warning.filter(|(_, content)| may_write(cx, open, content, at).is_ok()) {
        Some((due, _)) if at < due => Silence::Later(Some(due)),
        Some((_, content)) => {
            let until = end.max(at + course.time_after_warning());
            Silence::Warn(warn(open, content, until))
        }
        None if at < end => Silence::Later(Some(end)),
        None => Silence::End(course.reason()),
    }
}

fn warn(open: &fold::Conversation, content: Content, until: Timestamp) -> Vec<Event> {
    let mut draft = Draft::of(open);
    let message = draft.next_id();
    draft.push(Event::MessageSent { message, author: Author::System, content });
    let (conversation, seq) = (open.id, draft.next_id().seq);
    draft.push(Event::Warned { conversation, seq, until });
    draft.events
}

impl<'a> Course<'a> {
    fn of(open: &fold::Conversation, rules: &'a GroupRules) -> Option<Self> {
        let (inactivity, came) = match open.state {
            ConversationState::Queued => (rules.queued.as_ref()?, open.queued_at),
            ConversationState::Assigned | ConversationState::Pending => {
                (rules.running.as_ref()?, open.assigned_at)
            }
            _ => return None,
        };
        let spoke = match inactivity.silence {
            _ if wrong(Mutant::AnswerUnheard) => came,
            people::Silence::Customer => open.customer_lane_at,
            people::Silence::Both => open.customer_lane_at.max(open.agent_lane_at),
        };
        let began = came.max(spoke);
        let is_of_this = |until: &Timestamp| *until >= began + inactivity.limit;
        let warned_until = open.warned_until.filter(|_| !wrong(Mutant::WarnedAgain));
        Some(Self { inactivity, began, warned_until: warned_until.filter(is_of_this) })
    }

    fn end(&self) -> Timestamp {
        let end = self.began + self.inactivity.limit;
        self.warned_until.map_or(end, |until| until.max(end))
    }

    /// The warning that is still to be given, and when.
    fn warning(&self) -> Option<(Timestamp, &'a Warning)> {
        let warning = self.inactivity.warning.as_ref()?;
        let part = self.inactivity.limit * u32::from(warning.percent.min(100)) / 100;
        self.warned_until.is_none().then(|| (self.began + part, warning))
    }

    fn time_after_warning(&self) -> std::time::Duration {
        let percent = self.inactivity.warning.as_ref().map_or(0, |warning| warning.percent);
        self.inactivity.limit * u32::from(100 - percent.min(100)) / 100
    }

    const fn reason(&self) -> CloseReason {
        match self.inactivity.silence {
            people::Silence::Customer => CloseReason::CustomerSilent,
            people::Silence::Both => CloseReason::BothSilent,
        }
    }
}
