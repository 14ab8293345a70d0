use model::desk::{Command, CommandRecord, Event, Rejection};
use model::id::UserId;
use model::time::Timestamp;
use storage::port::Topic;

use crate::conversation::{self, Refusal, Stop};

use super::Lane;
use super::decide::Decision;

impl Lane {
    /// A command changes something once; a repeat has no effect and answers nobody: its first
    /// record did.
    pub(super) fn command(
        &mut self,
        topic: Topic,
        record: CommandRecord,
        at: Timestamp,
    ) -> Result<Option<Decision>, Refusal> {
        let CommandRecord { user, id, command, .. } = record;
        if (topic == Topic::Control) != command.conversation().is_none() {
            return Err(Refusal::dangling(format!("not a command for {}", topic.name())));
        }
        if self.cx.state.knows_command(user, id) {
            return Ok(Some(Decision::default()));
        }
        let events = match self.obey(user, command, at) {
            Ok(events) => events,
            Err(Stop::Rejected(rejection)) => vec![Event::CommandRejected { rejection }],
            Err(Stop::HandedOver) => return Ok(None),
        };
        Ok(Some(Decision { events, answers: Some((user, id)) }))
    }

    fn obey(&mut self, user: UserId, command: Command, at: Timestamp) -> Result<Vec<Event>, Stop> {
        let cx = &mut self.cx;
        match command {
            Command::Send { conversation, content } => {
                conversation::reply(cx, user, (conversation, content), at)
            }
            Command::Transfer { conversation, to, note } => {
                conversation::transfer(cx, user, (conversation, to, note), at)
            }
            Command::Reassign { conversation, to, note } => {
                conversation::reassign(cx, user, (conversation, to, note), at)
            }
            Command::Pend { conversation } => conversation::pend(cx, user, conversation, at),
            Command::Resume { conversation } => conversation::resume(cx, user, conversation, at),
            Command::Close { conversation } => Ok(conversation::close(cx, user, conversation, at)?),
            Command::SetPresence { presence } => {
                let leases = self.leases.as_ref().ok_or(Rejection::NotAllowed)?;
                let to = (user, presence);
                Ok(conversation::set_presence(cx, leases.roll(), to, at)?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use model::desk::{
        Body, Cause, Entity, Envelope, Inbound, MoveKind, Settings, Stamped, Target, Timer, wire,
    };
    use model::id::{ChannelId, CommandId, ConversationId, GroupId, LaneId, OperationId, ShardId};
    use model::people::{
        AgentRank, Cap, Group, GroupRules, Membership, NewcomerScore, OnAbsence, Operation, Policy,
        Presence, User, UserKind,
    };
    use model::service::{
        Author, Channel, ChannelKind, CloseReason, Content, Endpoint, Flow, Step,
    };
    use storage::port::Partition;

    use super::*;
    use crate::assign::{Assign, MutexAssign};
    use crate::conversation::{Board, Context, Home, InForce, Seats};
    use crate::lane::{Handled, Input, Written};

    const AGENT: UserId = UserId(1);
    const SUSAN: UserId = UserId(9);
    const AT: Timestamp = Timestamp::from_seconds(1);

    /// A lane whose one agent takes one conversation.
    fn lane() -> Lane {
        let core = MutexAssign::new(Vec::new(), 1);
        core.edit(&settings());
        core.presence(AGENT, Presence::Available);
        let cx = Context {
            home: Home { shard: ShardId::default(), lane: LaneId::FIRST },
            state: model::fold::Lane::default(),
            settings: Arc::new(InForce { settings: settings(), next: 0 }),
            core: Arc::new(core),
            seats: Seats::new(LaneId::FIRST, 8),
            stamp: 0,
            after: Vec::new(),
        };
        Lane::new(cx, None)
    }

    fn settings() -> Settings {
        let operation = OperationId(1);
        let mut settings = Settings::default();
        let mut add = |entity| settings.apply(entity).unwrap();
        let (shard, zone) = (ShardId::default(), "UTC".to_owned());
        let name = String::new();
        add(Entity::Operation(Operation { id: operation, version: 1, name, shard, zone }));
        for id in [1, 2] {
            add(Entity::Group(Group {
                id: GroupId(id),
                version: 1,
                operation,
                name: String::new(),
                active: true,
                policy: Policy::Circular,
                newcomer: NewcomerScore::GroupMinimum,
                head_start: Duration::ZERO,
                rules: GroupRules::default(),
            }));
        }
        for (id, kind) in [(AGENT, UserKind::Agent), (SUSAN, UserKind::Supervisor)] {
            add(Entity::User(User {
                id,
                version: 1,
                operation,
                login: format!("user{id}"),
                name: String::new(),
                kind,
                active: true,
                groups: vec![Membership { group: GroupId(1), receives: true }],
                cap: Cap::new(1).unwrap(),
                rank: AgentRank(0),
            }));
        }
        let kind = ChannelKind::Telegram;
        add(Entity::Endpoint(Endpoint { name: "e".parse().unwrap(), version: 1, kind }));
        add(Entity::Channel(Channel {
            id: ChannelId(1),
            version: 1,
            operation,
            kind,
            name: String::new(),
            account: String::new(),
            endpoint: "e".parse().unwrap(),
            provider_url: String::new(),
            flow: Flow { steps: vec![Step::Route(GroupId(1))] },
        }));
        settings
    }

    fn input(topic: Topic, offset: u64, body: Body) -> Input {
        let bytes = wire::encode(&Stamped { envelope: Envelope::of_input(AT), body });
        Input { partition: Partition::new(topic, 0), offset, at: AT, bytes }
    }

    fn message(offset: u64) -> Input {
        let body = Body::Inbound(Inbound {
            channel: ChannelId(1),
            address: format!("a{offset}"),
            name: String::new(),
            provider_id: format!("m{offset}"),
            sent_at: AT,
            received_at: AT,
            content: Content::Text("hi".to_owned()),
        });
        input(Topic::Inbound, offset, body)
    }

    fn wish(offset: u64, user: UserId, command: Command) -> Input {
        let id = CommandId(u128::from(offset));
        let record = CommandRecord { user, id, at: AT, command };
        input(Topic::Commands, offset, Body::Command(record))
    }

    fn written(handled: Handled) -> Written {
        let Handled::Written(written) = handled else { panic!("not written: {handled:?}") };
        *written
    }

    #[test]
    fn a_seat_handed_to_a_conversation_is_told_before_what_moves_it() {
        let mut lane = lane();
        let id = |n| ConversationId::new(ShardId::default(), LaneId::FIRST, n).unwrap();
        written(lane.handle(&message(0), AT));
        written(lane.handle(&message(1), AT));
        written(lane.handle(&wish(0, AGENT, Command::Close { conversation: id(0) }), AT));
        lane.handed_over();
        let (conversation, to) = (id(1), Target::Group(GroupId(2)));
        let command = Command::Reassign { conversation, to, note: String::new() };
        let moving = wish(1, SUSAN, command);
        assert_eq!(lane.handle(&moving, AT), Handled::HandedOver);
        assert_eq!(lane.handle(&moving, AT), Handled::HandedOver, "nothing has changed");
        let told = lane.hand_over(AT).unwrap();
        assert_eq!((told.cause, told.resume.len()), (Cause::HandOver(conversation), 0));
        let record = written(lane.handle(&moving, AT)).record;
        assert!(matches!(record.events[..], [Event::Moved(_), Event::Queued(_)]), "{record:?}");
        assert_eq!(record.cause, Cause::Command(1));
        lane.handed_over();
        assert_eq!((lane.load(), lane.cx.core.audit()), ((1, 0), Default::default()));
    }

    /// The lane's agent has its one conversation, and the group has these rules.
    fn serving(on_absence: OnAbsence) -> (Lane, ConversationId) {
        let mut lane = lane();
        written(lane.handle(&message(0), AT));
        lane.handed_over();
        let mut settings = settings();
        let group = settings.groups.get_mut(&GroupId(1)).unwrap();
        group.rules.on_absence = on_absence;
        let roll = model::fold::Roll::default();
        lane.refresh(&Board::new(InForce { settings, next: 1 }, &roll, Vec::new()), 1);
        (lane, ConversationId::new(ShardId::default(), LaneId::FIRST, 0).unwrap())
    }

    /// What the system decides, told and done as if it had a record.
    fn decided(lane: &mut Lane, events: Vec<Event>) -> Vec<Event> {
        let decision = Decision { events, answers: None };
        let record = lane.write(Cause::Timer(Timer::Lease(AGENT)), None, decision, AT);
        lane.handed_over();
        assert_eq!(lane.cx.core.audit(), Default::default());
        record.events
    }

    #[test]
    fn an_absent_agents_conversation_goes_as_its_group_says() {
        let gone = |lane: &mut Lane, id| {
            lane.cx.core.presence(AGENT, Presence::Offline);
            let events = conversation::redirect(&mut lane.cx, id, AT).unwrap();
            decided(lane, events)
        };
        let (mut kept, id) = serving(OnAbsence::Keep);
        assert_eq!((gone(&mut kept, id), kept.load()), (Vec::new(), (0, 1)));
        let (mut ended, id) = serving(OnAbsence::Close);
        let (by, reason) = (Author::System, CloseReason::Absence);
        let end = Event::Closed { conversation: id, seq: 3, by, reason, handled: Duration::ZERO };
        assert_eq!((gone(&mut ended, id), ended.load()), (vec![end], (0, 0)));
        for aside in [false, true] {
            let (mut moved, id) = serving(OnAbsence::Redirect);
            if aside {
                let events = conversation::set_aside(&mut moved.cx, id, AT);
                let told = decided(&mut moved, events);
                assert!(matches!(told[..], [Event::Pended { by: Author::System, .. }]), "{told:?}");
            }
            let told = gone(&mut moved, id);
            let [Event::Moved(by), Event::Queued(to)] = &told[..] else { panic!("{told:?}") };
            assert_eq!((by.kind, by.by), (MoveKind::Redirect, Author::System));
            assert_eq!((to.group, to.agent, moved.load()), (GroupId(1), None, (1, 0)));
            assert_eq!(gone(&mut moved, id), [], "it is nobody's");
        }
    }
}
