use model::fold;
use model::people::GroupRules;
use model::service::ConversationState;
use model::time::Timestamp;

/// When a conversation is set aside because nobody wrote: its agent's seat is for others then.
pub(super) fn next(open: &fold::Conversation, rules: &GroupRules) -> Option<Timestamp> {
    let after = rules.pending_after?;
    let spoke = open.customer_lane_at.max(open.agent_lane_at);
    let runs = open.state == ConversationState::Assigned;
    runs.then(|| spoke.max(open.assigned_at) + after)
}
