//! What agents wish and providers answer.

use model::desk::{Command, CommandRecord, Outcome, Receipt, SendResult};
use model::id::{CommandId, ConversationId, MessageId, ShardId, UserId};
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
            (Stage::Assigned { agent }, _) => agent,
            _ => *self.world.chance.pick(&agents),
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
