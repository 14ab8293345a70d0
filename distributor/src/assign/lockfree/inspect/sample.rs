use std::time::Duration;

use model::desk::Settings;
use model::id::{GroupId, OperationId, UserId};
use model::people::{
    AgentRank, Cap, Group, GroupRules, Membership, NewcomerScore, Policy, Presence, User, UserKind,
};
use storage::port::Bell;

use crate::assign::lockfree::LockFree;
use crate::assign::lockfree::index::Found;
use crate::assign::{Assign, Sizes};

/// A core for tests, and what breaks it on purpose.
impl LockFree {
    pub(crate) const SAMPLE_AGENTS: u32 = 5;

    /// Groups 1, circular, and 2, least-count, each with agents 1 to 5 of cap 1, all available; two
    /// lanes.
    pub(crate) fn sample() -> Self {
        let mut settings = Settings::default();
        let groups = [1, 2].map(GroupId);
        for (id, policy) in groups.into_iter().zip([Policy::Circular, Policy::LeastCount]) {
            let group = Group {
                id,
                version: 1,
                operation: OperationId(1),
                name: String::new(),
                active: true,
                policy,
                newcomer: NewcomerScore::Zero,
                head_start: Duration::ZERO,
                rules: GroupRules::default(),
            };
            settings.groups.insert(id, group);
        }
        for id in (1..=Self::SAMPLE_AGENTS).map(UserId) {
            let user = User {
                id,
                version: 1,
                operation: OperationId(1),
                login: String::new(),
                name: String::new(),
                kind: UserKind::Agent,
                active: true,
                groups: groups.map(|group| Membership { group, receives: true }).into(),
                cap: Cap::new(1).unwrap(),
                rank: AgentRank(0),
            };
            settings.users.insert(id, user);
        }
        let sizes = Sizes { agents: Self::SAMPLE_AGENTS, groups: 2, slots: 8 };
        let core = Self::new((0..2).map(|_| Bell::new()).collect(), 1, sizes);
        core.edit(&settings);
        for user in settings.users.keys() {
            core.presence(*user, Presence::Available);
        }
        core
    }

    /// Takes an agent out of the index of group 1, whatever his word says.
    pub(crate) fn hide(&self, user: UserId) {
        let layout = self.layout.read();
        let agent = layout.agent_named(user).unwrap();
        let group = layout.group_named(GroupId(1)).unwrap();
        let stand = layout.stand(agent, group).unwrap();
        let found = Found::flat(stand.position());
        layout.group(group).unwrap().eligible.hide(found);
    }
}
