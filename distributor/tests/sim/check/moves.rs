//! Where conversations are, step by step: what leaves, what comes, and who holds which seat.

use std::time::Duration;

use model::desk::{Assigned, MoveKind, Moved, Queued, Settings, Why};
use model::id::{ConversationId, GroupId, LaneId};
use model::limit;
use model::time::Timestamp;

use crate::check::books::{Books, Stage};
use crate::tally::Tally;

impl Books {
    /// C7: a place in a line is new, or the one it had where the system moves it.
    pub(super) fn queued(&mut self, lane: LaneId, queued: &Queued, tally: &mut Tally) {
        let written = self.lanes.entry(lane).or_default();
        let is_new = queued.key > written.key;
        written.key = written.key.max(queued.key);
        let talk = self.step(queued.conversation, queued.seq);
        let (group, key) = (queued.group, queued.key);
        let (was, own) = (talk.stage, queued.agent);
        let before = std::mem::replace(&mut talk.key, key);
        talk.stage = match own {
            Some(agent) => Stage::Own { agent, group, key },
            None => Stage::Queued { group, key },
        };
        let lawful = match (was, own) {
            (Stage::Bot, None) => is_new,
            (Stage::Moving { kind: MoveKind::Redirect, .. }, None) => key == before,
            (Stage::Moving { .. }, None) => is_new,
            (Stage::Pending { agent, group: before }, Some(own)) => {
                tally.count("own line", "entered");
                is_new && agent == own && group == before
            }
            _ => false,
        };
        assert!(lawful, "C4, C7: {queued:?} while it was {was:?}");
    }

    /// C4, C5: one agent, and never above the highest cap that his open conversations carry.
    pub(super) fn assigned(&mut self, at: Timestamp, assigned: &Assigned, tally: &mut Tally) {
        let Assigned { conversation, agent, group, cap, .. } = *assigned;
        tally.count("policy", why_name(assigned.why));
        let talk = self.step(conversation, assigned.seq);
        talk.assigned_at = at;
        let was = std::mem::replace(&mut talk.stage, Stage::Assigned { agent, group });
        let same = was.agent() == Some(agent) && was.group() == Some(group);
        let lawful = match (was, assigned.why) {
            (Stage::Queued { group: of, .. }, Why::FreedSeat) => of == group,
            (Stage::Own { .. }, Why::FreedSeat) => {
                tally.count("own line", "served");
                same
            }
            (Stage::Bot, Why::Policy { .. }) => true,
            (Stage::Moving { .. }, Why::Policy { .. }) => true,
            (Stage::Moving { kind, .. }, Why::Transferred) => kind == MoveKind::Transfer,
            (Stage::Moving { kind, .. }, Why::Reassigned) => kind == MoveKind::Reassign,
            (Stage::Pending { .. } | Stage::Own { .. }, Why::CameBack) => same,
            _ => false,
        };
        assert!(lawful, "C4: {assigned:?} while it was {was:?}");
        if matches!(was, Stage::Queued { .. }) {
            self.served.push((group, conversation));
        }
        let seats = self.seats.entry(agent).or_default();
        seats.insert(conversation, cap);
        let highest = seats.values().max().copied().unwrap_or(0);
        assert!(seats.len() <= usize::from(highest), "C5: {} seats: {assigned:?}", seats.len());
    }

    pub(super) fn moved(&mut self, at: Timestamp, moved: &Moved, tally: &mut Tally) {
        let kind = moved.kind;
        let held = self.give_back(moved.conversation, at);
        assert_eq!(moved.handled, held, "C9: {moved:?}");
        let talk = self.step(moved.conversation, moved.seq);
        let (group, key) = match talk.stage {
            Stage::Queued { group, key } | Stage::Own { group, key, .. } => (group, Some(key)),
            Stage::Assigned { group, .. } | Stage::Pending { group, .. } => (group, None),
            was => panic!("C4: {moved:?} while it was {was:?}"),
        };
        tally.count("moved by", move_name(kind));
        tally.count("moved from", stage_name(talk.stage));
        talk.stage = Stage::Moving { kind, group, key };
    }

    pub(super) fn pended(
        &mut self,
        at: Timestamp,
        (conversation, seq): (ConversationId, u32),
        handled: Duration,
        tally: &mut Tally,
    ) {
        assert_eq!(handled, self.give_back(conversation, at), "C9: {conversation} is set aside");
        let talk = self.step(conversation, seq);
        tally.count("pended from", stage_name(talk.stage));
        talk.stage = match talk.stage {
            Stage::Assigned { agent, group } | Stage::Own { agent, group, .. } => {
                Stage::Pending { agent, group }
            }
            was => panic!("C4: {conversation} is set aside while it was {was:?}"),
        };
    }

    /// The seat a conversation holds is given back, if it holds one; how long it was held.
    pub(super) fn give_back(&mut self, id: ConversationId, at: Timestamp) -> Duration {
        let Some(talk) = self.talks.get(&id) else { return Duration::ZERO };
        let Stage::Assigned { agent, .. } = talk.stage else { return Duration::ZERO };
        let held = self.seats.get_mut(&agent).and_then(|seats| seats.remove(&id));
        assert!(held.is_some(), "C9: {id} holds no seat of {agent}");
        at.since(talk.assigned_at)
    }
}

/// A group, and those it flows over into, one after the other.
pub(crate) fn overflow(settings: &Settings, group: GroupId) -> Vec<GroupId> {
    let next = |group: &GroupId| settings.groups.get(group)?.rules.overflow;
    std::iter::successors(Some(group), next).take(limit::OVERFLOW_GROUPS).collect()
}

const fn why_name(why: Why) -> &'static str {
    match why {
        Why::Policy { policy, .. } => policy.name(),
        Why::FreedSeat => "freed-seat",
        Why::Restored => "restored",
        Why::Owner => "owner",
        Why::Started => "started",
        Why::Reassigned => "reassigned",
        Why::Transferred => "transferred",
        Why::CameBack => "came-back",
    }
}

const fn move_name(kind: MoveKind) -> &'static str {
    match kind {
        MoveKind::Transfer => "transfer",
        MoveKind::Reassign => "reassign",
        MoveKind::Redirect => "redirect",
    }
}

const fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Bot => "bot",
        Stage::Queued { .. } => "queued",
        Stage::Assigned { .. } => "assigned",
        Stage::Pending { .. } => "pending",
        Stage::Own { .. } => "own-line",
        Stage::Moving { .. } => "moving",
        Stage::Closed => "closed",
    }
}
