//! What agents wish and providers answer.

use model::desk::{Command, CommandRecord, Entity, Outcome, Receipt, SendResult, Target};
use model::id::{CommandId, ConversationId, GroupId, MessageId, ShardId, UserId};
use model::people::Presence;
use model::service::{Content, ReceiptStatus};
use storage::port::{Partition, Topic};

use crate::check::books::{Stage, Talk};
use crate::house::{House, NOBODY};
use crate::ledger::Said;

use super::Story;

impl Story {
    /// A conversation of the shard that the log shows, open if there is one.
    pub(super) fn talk(&mut self, at: usize, open: bool) -> Option<(ConversationId, Talk)> {
        let talks = &self.world.shards[at].books.talks;
        let fits = |talk: &Talk| !open || talk.stage != Stage::Closed;
        let ids: Vec<_> = talks.iter().filter(|(_, talk)| fits(talk)).map(|(id, _)| *id).collect();
        if ids.is_empty() {
            return None;
        }
        let id = *self.world.chance.pick(&ids);
        Some((id, self.world.shards[at].books.talks[&id].clone()))
    }

    /// A conversation, and who has it, or somebody else.
    pub(super) fn whose(&mut self, at: usize) -> Option<(ConversationId, UserId)> {
        let shard = self.shard(at);
        let open = !self.world.chance.once_in(12);
        let (mut id, talk) = self.talk(at, open)?;
        if self.world.chance.once_in(40) {
            id = ConversationId::new(shard, id.lane(), 1_000_000).unwrap();
        }
        let agents = self.world.house.agents_of(shard);
        let user = match (talk.stage, self.world.chance.below(8)) {
            (_, 0) => *self.world.chance.pick(&agents),
            (_, 1) => House::supervisor(shard),
            (stage, _) => stage.agent().unwrap_or_else(|| *self.world.chance.pick(&agents)),
        };
        Some((id, user))
    }

    pub(super) fn wish(&mut self, partition: Partition, user: UserId, command: Command) {
        self.commands += 1;
        let id = CommandId(self.commands);
        let record = CommandRecord { user, id, at: self.world.now(), command };
        self.wished.push((partition, record.clone()));
        self.world.say(partition, Said::Command(record));
    }

    pub(super) fn wish_again(&mut self) {
        if self.wished.is_empty() {
            return;
        }
        let recent = self.world.chance.once_in(2);
        let from = if recent { self.wished.len().saturating_sub(5) } else { 0 };
        let (partition, record) = self.world.chance.pick(&self.wished[from..]).clone();
        self.world.say(partition, Said::Command(record));
    }

    pub(super) fn commands_of(&self, conversation: ConversationId) -> Partition {
        let lane = self.world.house.place.of_conversation(conversation);
        Partition::new(Topic::Commands, lane.index())
    }

    pub(super) fn send(&mut self, at: usize) {
        let Some((conversation, user)) = self.whose(at) else { return };
        let text = if self.world.chance.once_in(10) { "" } else { "hello" };
        let content = Content::Text(text.to_owned());
        self.wish(self.commands_of(conversation), user, Command::Send { conversation, content });
    }

    pub(super) fn close(&mut self, at: usize) {
        let Some((conversation, user)) = self.whose(at) else { return };
        self.wish(self.commands_of(conversation), user, Command::Close { conversation });
    }

    /// Somebody of the shard, at times of another or nobody at all.
    pub(super) fn target(&mut self, at: usize) -> Target {
        let (shard, house) = (self.shard(at), self.world.house);
        let chance = &mut self.world.chance;
        let of = if chance.once_in(12) { house.shards().last().unwrap() } else { shard };
        if chance.once_in(2) {
            let agents = house.agents_of(of);
            let agent = if chance.once_in(30) { NOBODY } else { *chance.pick(&agents) };
            return Target::Agent(agent);
        }
        let groups: Vec<GroupId> = house.groups_of(of).collect();
        Target::Group(if chance.once_in(30) { GroupId(NOBODY.0) } else { *chance.pick(&groups) })
    }

    /// A group is made inactive, whoever waits for it.
    fn close_group(&mut self, at: usize) {
        let groups: Vec<GroupId> = self.world.house.groups_of(self.shard(at)).collect();
        let group = *self.world.chance.pick(&groups);
        let known = self.world.ledger.settings.groups.get(&group);
        let Some(mut group) = known.filter(|group| group.active).cloned() else { return };
        group.version += 1;
        group.active = false;
        self.world.tally.count("happening", "group-off");
        self.world.say(Partition::SETTINGS, Said::Entity(Entity::Group(group)));
        for _ in 0..3 {
            self.turn(at);
        }
    }

    /// A conversation in somebody's own line, if there is one and chance wants it.
    fn in_own_line(&mut self, at: usize) -> Option<(ConversationId, UserId)> {
        let talks = &self.world.shards[at].books.talks;
        let own: Vec<_> = talks
            .iter()
            .filter_map(|(id, talk)| match talk.stage {
                Stage::Own { agent, .. } => Some((*id, agent)),
                _ => None,
            })
            .collect();
        let wanted = !own.is_empty() && !self.world.chance.once_in(3);
        wanted.then(|| *self.world.chance.pick(&own))
    }

    pub(super) fn transfer(&mut self, at: usize) {
        let own = self.in_own_line(at);
        let Some((conversation, user)) = own.or_else(|| self.whose(at)) else { return };
        let (to, note) = (self.target(at), self.note());
        let command = Command::Transfer { conversation, to, note };
        self.wish(self.commands_of(conversation), user, command);
    }

    pub(super) fn reassign(&mut self, at: usize) {
        let own = self.in_own_line(at);
        let Some((conversation, user)) = own.or_else(|| self.whose(at)) else { return };
        let supervises = !self.world.chance.once_in(8);
        let user = if supervises { House::supervisor(self.shard(at)) } else { user };
        let (to, note) = (self.target(at), self.note());
        let command = Command::Reassign { conversation, to, note };
        self.wish(self.commands_of(conversation), user, command);
    }

    fn note(&mut self) -> String {
        if self.world.chance.once_in(2) { String::new() } else { "please".to_owned() }
    }

    pub(super) fn pend(&mut self, at: usize) {
        let own = self.in_own_line(at);
        let Some((conversation, user)) = own.or_else(|| self.whose(at)) else { return };
        self.wish(self.commands_of(conversation), user, Command::Pend { conversation });
    }

    /// Mostly one that was set aside.
    pub(super) fn resume(&mut self, at: usize) {
        let Some((mut conversation, mut user)) = self.whose(at) else { return };
        let talks = &self.world.shards[at].books.talks;
        let aside: Vec<_> = talks
            .iter()
            .filter_map(|(id, talk)| match talk.stage {
                Stage::Pending { agent, .. } => Some((*id, agent)),
                _ => None,
            })
            .collect();
        if !aside.is_empty() && !self.world.chance.once_in(4) {
            (conversation, user) = *self.world.chance.pick(&aside);
        }
        self.wish(self.commands_of(conversation), user, Command::Resume { conversation });
    }

    pub(super) fn appear(&mut self, shard: ShardId, user: UserId, presence: Presence) {
        let control = Partition::new(Topic::Control, u32::from(shard.get()));
        self.wish(control, user, Command::SetPresence { presence });
    }

    pub(super) fn appear_somebody(&mut self, at: usize) {
        let (shard, house) = (self.shard(at), self.world.house);
        let chance = &mut self.world.chance;
        let of = if chance.once_in(20) { house.shards().last().unwrap() } else { shard };
        let agents = house.agents_of(of);
        let user = if chance.once_in(20) { NOBODY } else { *chance.pick(&agents) };
        let presence = chance.weighed(&[
            (6, Presence::Available),
            (2, Presence::Paused),
            (1, Presence::Offline),
        ]);
        self.appear(shard, user, presence);
    }

    pub(super) fn all_leave(&mut self, at: usize) {
        self.world.tally.count("happening", "all-leave");
        let shard = self.shard(at);
        let away = *self.world.chance.pick(&[Presence::Paused, Presence::Offline]);
        for agent in self.world.house.agents_of(shard) {
            self.appear(shard, agent, away);
        }
        for _ in 0..self.world.chance.below(6) {
            self.write(at);
            self.turn(at);
        }
        if self.world.chance.once_in(2) {
            self.close_group(at);
        }
        for agent in self.world.house.agents_of(shard) {
            self.appear(shard, agent, Presence::Available);
        }
    }

    /// A message that was sent, or one that never was.
    pub(super) fn sent(&mut self, at: usize) -> Option<(MessageId, Talk)> {
        let open = !self.world.chance.once_in(4);
        let (mut conversation, talk) = self.talk(at, open)?;
        if self.world.chance.once_in(30) {
            let lane = conversation.lane();
            conversation = ConversationId::new(conversation.shard(), lane, 1_000_000).unwrap();
        }
        let seqs: Vec<u32> = talk.sent.keys().copied().collect();
        let seq = if seqs.is_empty() { 99 } else { *self.world.chance.pick(&seqs) };
        Some((MessageId { conversation, seq }, talk))
    }

    pub(super) fn answer(&mut self, at: usize) {
        let Some((message, _)) = self.sent(at) else { return };
        let result = match self.world.chance.below(4) {
            0 => SendResult::Failed { code: 500, detail: String::new() },
            _ => SendResult::Accepted { provider_id: format!("out-{message}") },
        };
        let outcome = Outcome { message, result, at: self.world.now(), tries: 1 };
        self.world.say(self.commands_of(message.conversation), Said::Outcome(outcome));
    }

    pub(super) fn receive(&mut self, at: usize) {
        let Some((message, talk)) = self.sent(at) else { return };
        let statuses = [
            ReceiptStatus::Sent,
            ReceiptStatus::Delivered,
            ReceiptStatus::Read,
            ReceiptStatus::Failed,
        ];
        let echoed = !self.world.chance.once_in(3);
        let receipt = Receipt {
            channel: talk.channel,
            message: echoed.then_some(message),
            provider_id: format!("out-{message}"),
            address: talk.address.clone(),
            status: *self.world.chance.pick(&statuses),
            at: self.world.now(),
            code: None,
        };
        let place = self.world.house.place;
        let partition = if echoed {
            self.commands_of(message.conversation)
        } else {
            let lane = place.of_address(self.shard(at), talk.channel, &talk.address);
            Partition::new(Topic::Commands, lane.index())
        };
        self.world.say(partition, Said::Receipt(receipt));
    }
}
