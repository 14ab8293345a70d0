use model::id::{OperationId, UserId};
use model::people::{User, UserKind};

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// See it.
    Read,
    /// Wish something of it; the lane decides about the wish itself.
    Command,
    /// Decide over its agent's head who has it from now on.
    Reassign,
}

/// What he wants to do it to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Object {
    /// A conversation, by the operation that serves it and its responsible agent: the last one,
    /// once it is closed.
    Conversation { operation: OperationId, agent: Option<UserId> },
    /// The list of all open conversations of an operation.
    Conversations { operation: OperationId },
    /// The groups, users and channels of an operation.
    Settings { operation: OperationId },
    /// The user's own presence, sockets and session.
    Oneself { user: UserId },
}

/// Whether `subject` may do `action` to `object`: the one place that decides. What is not allowed
/// here is denied.
pub(crate) fn allow(subject: &User, action: Action, object: Object) -> bool {
    if !subject.active {
        return false;
    }
    let watches = subject.kind != UserKind::Agent;
    match (action, object) {
        (_, Object::Oneself { user }) => user == subject.id,
        (Action::Read, Object::Settings { operation }) => operation == subject.operation,
        (Action::Read, Object::Conversations { operation }) => {
            operation == subject.operation && watches
        }
        (_, Object::Settings { .. } | Object::Conversations { .. }) => false,
        (Action::Read | Action::Command, Object::Conversation { operation, agent }) => {
            operation == subject.operation && (watches || agent == Some(subject.id))
        }
        (Action::Reassign, Object::Conversation { operation, .. }) => {
            operation == subject.operation && watches
        }
    }
}

#[cfg(test)]
mod tests {
    use model::people::{AgentRank, Cap};

    use super::*;

    const MINE: OperationId = OperationId(1);
    const ANA: UserId = UserId(1);

    fn user(kind: UserKind, active: bool) -> User {
        User {
            id: ANA,
            version: 1,
            operation: MINE,
            login: "ana".to_owned(),
            name: "Ana".to_owned(),
            kind,
            active,
            groups: Vec::new(),
            cap: Cap::default(),
            rank: AgentRank::default(),
        }
    }

    /// Object, then whether an agent and whether anybody else may read it, and may command it.
    #[rustfmt::skip]
    const TABLE: [(Object, [bool; 2], [bool; 2]); 11] = [
        (Object::Conversation { operation: MINE, agent: Some(ANA) }, [true, true], [true, true]),
        (Object::Conversation { operation: MINE, agent: Some(UserId(2)) }, [false, true], [false, true]),
        (Object::Conversation { operation: MINE, agent: None }, [false, true], [false, true]),
        (Object::Conversation { operation: OperationId(2), agent: Some(ANA) }, [false, false], [false, false]),
        (Object::Conversation { operation: OperationId(2), agent: None }, [false, false], [false, false]),
        (Object::Conversations { operation: MINE }, [false, true], [false, false]),
        (Object::Conversations { operation: OperationId(2) }, [false, false], [false, false]),
        (Object::Settings { operation: MINE }, [true, true], [false, false]),
        (Object::Settings { operation: OperationId(2) }, [false, false], [false, false]),
        (Object::Oneself { user: ANA }, [true, true], [true, true]),
        (Object::Oneself { user: UserId(2) }, [false, false], [false, false]),
    ];

    #[test]
    fn the_table_of_permissions_holds() {
        let others = [UserKind::Supervisor, UserKind::SupervisorAgent, UserKind::Administrator];
        for (object, read, command) in TABLE {
            let ask = |kind, action| allow(&user(kind, true), action, object);
            assert_eq!(ask(UserKind::Agent, Action::Read), read[0], "{object:?}");
            assert_eq!(ask(UserKind::Agent, Action::Command), command[0], "{object:?}");
            for kind in others {
                assert_eq!(ask(kind, Action::Read), read[1], "{kind:?} {object:?}");
                assert_eq!(ask(kind, Action::Command), command[1], "{kind:?} {object:?}");
            }
        }
    }

    #[test]
    fn a_conversation_is_reassigned_by_those_who_watch_over_it() {
        let ask = |kind, operation, agent| {
            let object = Object::Conversation { operation, agent };
            allow(&user(kind, true), Action::Reassign, object)
        };
        for agent in [Some(ANA), Some(UserId(2)), None] {
            assert!(!ask(UserKind::Agent, MINE, agent), "not even his own: {agent:?}");
            for kind in [UserKind::Supervisor, UserKind::SupervisorAgent, UserKind::Administrator] {
                assert!(ask(kind, MINE, agent), "{kind:?} {agent:?}");
                assert!(!ask(kind, OperationId(2), agent), "{kind:?} {agent:?}");
            }
        }
    }

    #[test]
    fn who_is_not_active_may_nothing() {
        for (object, ..) in TABLE {
            for action in [Action::Read, Action::Command, Action::Reassign] {
                assert!(!allow(&user(UserKind::Administrator, false), action, object));
            }
        }
    }
}
