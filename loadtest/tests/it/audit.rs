//! The auditor finds each kind of breach in made-up data, and nothing in a lawful run.

use std::time::Duration;

use loadtest::agent::{OverCap, ReplyOutcome, SentReply};
use loadtest::auditor::{
    Archive, Archived, ArchivedConversation, ArchivedEntry, Audit, Breach, audit,
};
use loadtest::customer::{MessageKey, SentMessage, address};
use loadtest::provider::whatsapp::AcceptedSend;
use loadtest::scenario::Observations;
use model::id::{ConversationId, MessageId};
use model::limit;
use model::service::{ConversationState, ReceiptStatus};
use model::time::Timestamp;

const CONTACTS: u32 = 3;
const MESSAGES: u32 = 2;

fn conversation(contact: u32) -> ConversationId {
    ConversationId::from_u64(u64::from(contact) + 1).unwrap()
}

fn key(contact: u32, number: u32) -> MessageKey {
    MessageKey { contact, number }
}

fn wamid(key: MessageKey) -> String {
    format!("wamid.LT7x{:X}x{:X}", key.contact, key.number)
}

fn reply_text(key: MessageKey) -> String {
    format!("r-7-1-{} re {key}", key.contact * 10 + key.number)
}

fn keys() -> impl Iterator<Item = MessageKey> {
    (0..CONTACTS).flat_map(|contact| (1..=MESSAGES).map(move |number| key(contact, number)))
}

/// In history: received 1, queued 2, assigned 3, sent 4, received 5, sent 6, closed 7.
fn reply_seq(key: MessageKey) -> u32 {
    if key.number == 1 { 4 } else { 6 }
}

fn own_id(key: MessageKey) -> MessageId {
    MessageId { conversation: conversation(key.contact), seq: reply_seq(key) }
}

/// A run in which everything went well.
pub(crate) fn lawful() -> Observations {
    let mut observed = Observations {
        rate: 6.0,
        duration: Duration::from_secs(1),
        settled: true,
        ..Observations::default()
    };
    for key in keys() {
        observed.customers.messages.push(SentMessage {
            key,
            provider_id: wamid(key),
            text: key.to_string(),
            taken: true,
            tries: 1,
        });
        observed.agents.shown.insert(key);
        observed.agents.replies.push(SentReply {
            address: address(key.contact),
            text: reply_text(key),
            answers: Some(key),
            outcome: ReplyOutcome::Accepted(own_id(key)),
        });
        observed.provider.sends.push(AcceptedSend {
            own_id: Some(own_id(key).to_string()),
            provider_id: format!("wamid.SIM{key}"),
            account: "1".to_owned(),
            to: address(key.contact),
            text: reply_text(key),
            at: Timestamp::default(),
            repeated: false,
        });
    }
    observed
}

/// What history holds of it.
pub(crate) fn lawful_archive() -> Archive {
    Archive { conversations: (0..CONTACTS).map(archived).collect() }
}

fn archived(contact: u32) -> ArchivedConversation {
    let received = |number| {
        let key = key(contact, number);
        Archived::Received { provider_id: wamid(key), text: key.to_string() }
    };
    let sent = |number| Archived::Sent { text: reply_text(key(contact, number)) };
    let entries = [
        received(1),
        Archived::Queued,
        Archived::Assigned,
        sent(1),
        received(2),
        sent(2),
        Archived::Closed,
    ];
    let entries = (1..).zip(entries).map(|(seq, what)| ArchivedEntry { seq, what }).collect();
    ArchivedConversation {
        id: conversation(contact),
        address: address(contact),
        state: ConversationState::Closed,
        last_seq: 7,
        entries,
        receipts: vec![
            (4, ReceiptStatus::Sent),
            (4, ReceiptStatus::Delivered),
            (6, ReceiptStatus::Read),
        ],
    }
}

fn with(change: impl FnOnce(&mut Observations, &mut Archive)) -> Audit {
    let (mut observed, mut archive) = (lawful(), lawful_archive());
    change(&mut observed, &mut archive);
    audit(&observed, &archive)
}

/// Exactly this breach, this often.
#[track_caller]
fn assert_breach(found: &Audit, breach: Breach, times: u64) {
    let breaches: Vec<_> = found.breaches.iter().map(|(b, t)| (*b, *t)).collect();
    assert_eq!(breaches, [(breach, times)], "{:?}", found.findings);
    assert!(found.findings.iter().all(|finding| finding.breach == breach));
}

#[test]
fn a_lawful_run_has_no_findings_and_its_counts_agree() {
    let found = with(|_, _| {});
    assert_eq!(found.findings, []);
    let counts = found.counts;
    assert_eq!((counts.sent, counts.logged, counts.assigned, counts.shown), (6, 6, 6, 6));
    assert_eq!((counts.answered, counts.replies, counts.outbound), (6, 6, 6));
    assert_eq!((counts.delivered, counts.failed, counts.pending), (6, 0, 0));
    assert_eq!((counts.lost, counts.doubled, counts.out_of_order), (0, 0, 0));
}

#[test]
fn a_lost_message_is_found() {
    let found = with(|_, archive| {
        let conversation = &mut archive.conversations[1];
        conversation.entries.remove(4);
        conversation.entries.iter_mut().skip(4).for_each(|entry| entry.seq -= 1);
        conversation.last_seq = 6;
        conversation.receipts.push((5, ReceiptStatus::Read));
    });
    assert_breach(&found, Breach::LostInbound, 1);
    assert_eq!(found.counts.lost, 1);
}

#[test]
fn a_message_never_taken_need_not_be_there() {
    let found = with(|observed, archive| {
        observed.customers.messages[0].taken = false;
        observed.agents.shown.remove(&key(0, 1));
        archive.conversations[0].entries[0].what = Archived::Queued;
    });
    assert_eq!(found.findings, []);
}

#[test]
fn a_changed_text_is_a_lost_message_and_an_invented_one() {
    let found = with(|_, archive| {
        let provider_id = wamid(key(0, 1));
        let text = "m-0-1 mangled".to_owned();
        archive.conversations[0].entries[0].what = Archived::Received { provider_id, text };
    });
    let breaches: Vec<Breach> = found.breaches.keys().copied().collect();
    assert_eq!(breaches, [Breach::LostInbound, Breach::InventedInbound]);
}

#[test]
fn a_doubled_message_is_found() {
    let found = with(|_, archive| {
        let entries = &mut archive.conversations[0].entries;
        entries[1].what = entries[0].what.clone();
    });
    assert_breach(&found, Breach::DoubledInbound, 1);
    assert_eq!(found.counts.doubled, 1);
}

#[test]
fn a_message_under_another_id_is_doubled_or_invented() {
    let twin = |key| Archived::Received {
        provider_id: format!("{}.twin", wamid(key)),
        text: key.to_string(),
    };
    let found = with(|_, archive| archive.conversations[0].entries[1].what = twin(key(0, 1)));
    assert_breach(&found, Breach::DoubledInbound, 1);
    let found = with(|_, archive| archive.conversations[0].entries[0].what = twin(key(0, 1)));
    assert_breach(&found, Breach::InventedInbound, 1);
}

#[test]
fn an_older_runs_message_is_nobodys_business() {
    let found = with(|_, archive| {
        let provider_id = "wamid.LT6x0x1".to_owned();
        let text = "m-6-0-1".to_owned();
        archive.conversations[0].entries[1].what = Archived::Received { provider_id, text };
    });
    assert_eq!(found.findings, []);
}

#[test]
fn messages_out_of_order_are_found() {
    let found = with(|_, archive| archive.conversations[0].entries.swap_what(0, 4));
    assert_breach(&found, Breach::DisorderedInbound, 1);
    assert_eq!(found.counts.out_of_order, 1);
}

#[test]
fn a_message_nobody_was_shown_is_found_unless_a_socket_was_away() {
    let hide = |observed: &mut Observations| observed.agents.shown.remove(&key(2, 1));
    let found = with(|observed, _| assert!(hide(observed)));
    assert_breach(&found, Breach::NeverShown, 1);
    let found = with(|observed, _| {
        hide(observed);
        observed.agents.reconnects = 1;
    });
    assert_eq!(found.findings, []);
}

#[test]
fn a_reply_that_never_arrived_is_found() {
    let found = with(|observed, _| drop(observed.provider.sends.remove(3)));
    assert_breach(&found, Breach::LostReply, 1);
    assert_eq!(found.counts.answered, 5);
}

#[test]
fn a_reply_at_another_contact_has_not_arrived() {
    let found = with(|observed, _| observed.provider.sends[5].to = address(99));
    assert_breach(&found, Breach::LostReply, 1);
}

#[test]
fn a_refused_reply_need_not_arrive() {
    let found = with(|observed, archive| {
        observed.provider.sends.remove(0);
        observed.agents.replies[0].outcome = ReplyOutcome::Refused("not-responsible".to_owned());
        archive.conversations[0].entries[3].what = Archived::Queued;
    });
    assert_eq!(found.findings, []);
}

#[test]
fn a_reply_under_two_own_ids_is_found() {
    let found = with(|observed, _| {
        let mut again = observed.provider.sends[1].clone();
        again.own_id = Some("1.7".to_owned());
        observed.provider.sends.push(again);
    });
    assert_breach(&found, Breach::DoubledReply, 1);
}

/// A run with so many repeated sends by one channel.
fn repeating(observed: &mut Observations, account: &str, times: usize) {
    let first = observed.provider.sends[0].clone();
    let again = AcceptedSend { repeated: true, account: account.to_owned(), ..first };
    observed.provider.sends.extend(std::iter::repeat_n(again, times));
}

#[test]
fn an_own_id_sent_twice_is_found_unless_a_crash_explains_it() {
    let found = with(|observed, _| repeating(observed, "1", 1));
    assert_breach(&found, Breach::RepeatedSend, 1);
    let found = with(|observed, _| {
        repeating(observed, "1", 1);
        observed.crashes = 1;
    });
    assert_eq!((found.findings, found.counts.resent), (vec![], 1));
}

#[test]
fn after_a_crash_each_channel_repeats_at_most_what_was_in_flight() {
    let most = limit::DISPATCH_IN_FLIGHT;
    let crashed = |times: [usize; 2], crashes| {
        with(|observed, _| {
            repeating(observed, "1", times[0]);
            repeating(observed, "2", times[1]);
            observed.crashes = crashes;
        })
    };
    assert_eq!(crashed([most, most], 1).findings, []);
    assert_eq!(crashed([2 * most, 2 * most], 2).findings, []);
    assert_breach(&crashed([most + 3, 0], 1), Breach::RepeatedSend, 3);
}

#[test]
fn after_a_stop_in_good_order_nothing_is_repeated_and_sockets_may_have_been_away() {
    let found = with(|observed, _| {
        repeating(observed, "1", 1);
        observed.drains = 1;
    });
    assert_breach(&found, Breach::RepeatedSend, 1);
    let found = with(|observed, _| {
        observed.agents.shown.clear();
        observed.drains = 1;
    });
    assert_eq!(found.findings, []);
}

#[test]
fn sends_out_of_order_are_found() {
    let found = with(|observed, _| observed.provider.sends.swap(0, 1));
    assert_breach(&found, Breach::DisorderedSend, 1);
}

#[test]
fn an_agent_above_his_cap_is_found() {
    let found = with(|observed, _| {
        observed.agents.over_cap.push(OverCap {
            agent: "agent1".to_owned(),
            conversation: conversation(0),
            held: 4,
            cap: 3,
        });
    });
    assert_breach(&found, Breach::OverCap, 1);
    assert_eq!(found.breaches.keys().next().unwrap().contract().name(), "C5");
}

#[test]
fn a_gap_in_a_conversation_is_found() {
    let found = with(|_, archive| drop(archive.conversations[0].entries.remove(1)));
    assert_breach(&found, Breach::BrokenSequence, 1);
    let found = with(|_, archive| archive.conversations[0].last_seq = 8);
    assert_breach(&found, Breach::BrokenSequence, 1);
}

#[test]
fn conversations_left_over_are_found() {
    let left = |state| with(|_, archive| archive.conversations[2].state = state);
    assert_breach(&left(ConversationState::Queued), Breach::LeftWaiting, 1);
    assert_breach(&left(ConversationState::Bot), Breach::LeftWaiting, 1);
    assert_breach(&left(ConversationState::Assigned), Breach::LeftOpen, 1);
}

#[test]
fn a_send_without_an_outcome_is_pending_and_a_failed_one_is_not() {
    let found = with(|_, archive| archive.conversations[0].receipts.truncate(2));
    assert_breach(&found, Breach::Pending, 1);
    let found = with(|_, archive| {
        archive.conversations[0].receipts[2] = (6, ReceiptStatus::Failed);
    });
    assert_eq!((found.findings, found.counts.failed, found.counts.delivered), (vec![], 1, 5));
}

#[test]
fn only_a_few_examples_of_each_kind_are_kept() {
    let found = with(|_, archive| archive.conversations.clear());
    assert_eq!(found.breaches[&Breach::LostInbound], 6);
    assert_eq!(found.findings.len(), 5);
}

trait SwapWhat {
    fn swap_what(&mut self, a: usize, b: usize);
}

impl SwapWhat for Vec<ArchivedEntry> {
    /// The sequence stays, what stands there changes.
    fn swap_what(&mut self, a: usize, b: usize) {
        let first = self[a].what.clone();
        self[a].what = std::mem::replace(&mut self[b].what, first);
    }
}
