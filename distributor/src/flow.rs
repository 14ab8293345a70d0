//! What a new conversation goes through before a human.

use model::desk::Event;
use model::id::GroupId;
use model::limit;
use model::service::{Author, Content, Flow, Step};

use crate::conversation::Draft;

/// Events one run may add: a record also holds the opening, the message and what comes after.
const SAYINGS: usize = limit::EVENTS_PER_RECORD - 4;

/// Runs a flow from its start: it talks until it routes. The group it routes to; `None` when it
/// ends without. What it says beyond [`limit::FLOW_BYTES`] or the events of one record is left
/// unsaid, so that its record always fits the log.
pub(crate) fn run(flow: &Flow, draft: &mut Draft) -> Option<GroupId> {
    let (mut sayings, mut bytes) = (0, 0);
    for step in &flow.steps {
        match step {
            Step::Route(group) => return Some(*group),
            Step::Say(text) => {
                bytes += text.len();
                if !text.is_empty() && sayings < SAYINGS && bytes <= limit::FLOW_BYTES {
                    say(draft, text);
                    sayings += 1;
                }
            }
        }
    }
    None
}

fn say(draft: &mut Draft, text: &str) {
    let message = draft.next_id();
    let content = Content::Text(text.to_owned());
    draft.push(Event::MessageSent { message, author: Author::Flow, content });
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::id::ConversationId;

    fn run_steps(steps: Vec<Step>) -> (Option<GroupId>, usize) {
        let mut draft = Draft::of_new(ConversationId::default());
        let group = run(&Flow { steps }, &mut draft);
        (group, draft.events.len())
    }

    #[test]
    fn a_flow_talks_until_it_routes() {
        let say = || Step::Say("Hello!".to_owned());
        let steps = vec![say(), say(), Step::Route(GroupId(3)), say()];
        assert_eq!(run_steps(steps), (Some(GroupId(3)), 2));
        assert_eq!(run_steps(vec![say()]), (None, 1));
    }

    #[test]
    fn a_flow_that_talks_too_much_still_routes() {
        let route = Step::Route(GroupId(1));
        let many = vec![Step::Say("a".to_owned()); 1_000];
        let said = run_steps([many, vec![route.clone()]].concat());
        assert_eq!(said, (Some(GroupId(1)), SAYINGS));
        let long = vec![Step::Say("a".repeat(limit::FLOW_BYTES / 2)); 3];
        assert_eq!(run_steps([long, vec![route]].concat()), (Some(GroupId(1)), 2));
    }
}
