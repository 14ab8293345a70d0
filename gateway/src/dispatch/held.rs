use std::collections::{HashMap, VecDeque};

use model::id::ChannelId;

use super::work::Job;

/// Messages that wait at their shard, in order, because their channel has no room for them.
#[derive(Debug, Default)]
pub(super) struct Held {
    lines: HashMap<ChannelId, VecDeque<Job>>,
    count: usize,
}

impl Held {
    /// How many there are.
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Puts a message behind the others of its channel.
    pub(super) fn push(&mut self, job: Job) {
        self.count += 1;
        self.lines.entry(job.channel).or_default().push_back(job);
    }

    /// Offers each channel its messages, first ones first, until `give` hands one back: then the
    /// rest of that channel's stay.
    pub(super) fn offer(&mut self, mut give: impl FnMut(Job) -> Result<(), Job>) {
        for line in self.lines.values_mut() {
            while let Some(job) = line.pop_front() {
                if let Err(job) = give(job) {
                    line.push_front(job);
                    break;
                }
                self.count -= 1;
            }
        }
        self.lines.retain(|_, line| !line.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::id::{ConversationId, MessageId};
    use model::service::Content;
    use model::time::Timestamp;

    fn job(channel: u32, seq: u32) -> Job {
        let conversation = ConversationId::from_u64(1).unwrap();
        Job {
            message: MessageId { conversation, seq },
            channel: ChannelId(channel),
            address: "55".into(),
            content: Content::Text(String::new()),
            at: Timestamp::default(),
            tries: 0,
            unknown: 0,
            again: false,
        }
    }

    #[test]
    fn what_a_channel_has_no_room_for_is_kept_in_order_and_holds_up_no_other() {
        let mut held = Held::default();
        (1..=10).for_each(|seq| held.push(job(1 + seq % 2, seq)));
        let mut given = [Vec::new(), Vec::new()];
        for room in 1..=5 {
            // Channel 1 has room for one more each time, channel 2 for all.
            held.offer(|job| {
                let line = &mut given[(job.channel.0 - 1) as usize];
                if job.channel.0 == 1 && line.len() == room {
                    return Err(job);
                }
                line.push(job.message.seq);
                Ok(())
            });
            assert_eq!(held.count(), 5 - room);
        }
        assert_eq!(given, [[2, 4, 6, 8, 10], [1, 3, 5, 7, 9]]);
    }
}
