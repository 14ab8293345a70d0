use model::desk::SendResult;
use model::limit;

use super::work::Job;
use crate::connector::{Answer, Retry};

/// Codes of failures no provider named; theirs are never negative.
pub(super) mod code {
    /// The content is of a kind that cannot be sent on the channel.
    pub(in crate::dispatch) const UNSENDABLE: i64 = -2;
    /// Nothing in the log says where to send it.
    pub(in crate::dispatch) const LOST: i64 = -3;
    /// It could not be sent within its lifetime; nobody has got it.
    pub(in crate::dispatch) const EXPIRED: i64 = -4;
    /// Dispatch gave up, and the provider may have taken it: a receipt may still come.
    pub(in crate::dispatch) const UNKNOWN: i64 = -5;
}

/// What a try says of its channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// The provider took or judged a message: the channel is well.
    Well,
    /// Nothing: no provider was asked.
    None,
    /// The message was not taken, or nobody knows; how to try it again.
    Refused(Retry),
    /// Nothing can be sent until a person has acted.
    Stopped,
}

/// Counts the try that `answer` is of, and judges: what it says of the channel, and the message's
/// end, unless it is to be tried again. Tries that certainly sent nothing are bounded by time
/// alone, so that no trouble of a provider's discards a message; tries that may have sent it are
/// few, because each may double it.
pub(super) fn judge(answer: Answer, job: &mut Job, expired: bool) -> (Sign, Option<SendResult>) {
    let counts = !matches!(answer, Answer::StopChannel { .. });
    job.tries = job.tries.saturating_add(u32::from(counts));
    match answer {
        Answer::Accepted { provider_id } => {
            (Sign::Well, Some(SendResult::Accepted { provider_id }))
        }
        Answer::Fail { code, detail } if code < 0 => (Sign::None, Some(failed(code, &detail))),
        Answer::Fail { code, detail } => (Sign::Well, Some(refused(job, code, &detail))),
        Answer::StopChannel { .. } => (Sign::Stopped, expired.then(|| given_up(job))),
        Answer::Retry(retry) => {
            job.unknown += u32::from(retry.maybe_sent);
            job.again |= retry.maybe_sent;
            let over = expired || job.unknown > limit::DISPATCH_REPEATS;
            (Sign::Refused(retry), over.then(|| given_up(job)))
        }
    }
}

/// The end of a message that will not be tried again without the provider's word.
pub(super) fn given_up(job: &Job) -> SendResult {
    match job.unknown {
        0 => failed(code::EXPIRED, "it could not be sent within its lifetime"),
        tries => {
            let detail = format!("outcome unknown: {tries} tries had no answer that tells");
            failed(code::UNKNOWN, &detail)
        }
    }
}

/// What the history keeps of a failure.
pub(super) fn failed(code: i64, detail: &str) -> SendResult {
    let mut end = detail.len().min(512);
    while !detail.is_char_boundary(end) {
        end -= 1;
    }
    SendResult::Failed { code, detail: detail.get(..end).unwrap_or_default().to_owned() }
}

/// A refusal speaks of the last try only: an earlier one may have been taken.
fn refused(job: &Job, code: i64, detail: &str) -> SendResult {
    match job.unknown {
        0 => failed(code, detail),
        tries => {
            let detail = format!("outcome unknown of {tries} tries; then refused: {code} {detail}");
            failed(code::UNKNOWN, &detail)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Scope;
    use model::id::ChannelId;
    use model::service::Content;
    use model::time::Timestamp;

    fn job() -> Job {
        Job {
            message: "1.1".parse().unwrap(),
            channel: ChannelId(1),
            address: "55".into(),
            content: Content::Text(String::new()),
            at: Timestamp::default(),
            tries: 0,
            unknown: 0,
            again: false,
        }
    }

    fn retry(maybe_sent: bool) -> Answer {
        Answer::Retry(Retry { after: None, scope: Scope::Channel, maybe_sent, code: 0 })
    }

    fn code_of(result: Option<SendResult>) -> Option<i64> {
        result.map(|result| match result {
            SendResult::Failed { code, .. } => code,
            SendResult::Accepted { .. } => 0,
        })
    }

    #[test]
    fn only_time_ends_tries_that_sent_nothing() {
        let mut job = job();
        for tries in 1..=1_000 {
            assert_eq!(judge(retry(false), &mut job, false).1, None);
            assert_eq!((job.tries, job.again), (tries, false));
        }
        let (sign, end) = judge(retry(false), &mut job, true);
        assert_eq!(code_of(end), Some(code::EXPIRED));
        assert!(matches!(sign, Sign::Refused(_)), "the channel is no better for it");
        let stop = Answer::StopChannel { code: 190, detail: String::new() };
        assert_eq!(judge(stop.clone(), &mut job, false), (Sign::Stopped, None));
        let (sign, end) = judge(stop, &mut job, true);
        assert_eq!((sign, code_of(end)), (Sign::Stopped, Some(code::EXPIRED)));
    }

    #[test]
    fn a_message_that_may_have_been_taken_is_tried_twice_more_and_its_end_is_unknown() {
        let mut job = job();
        for _ in 0..2 {
            assert_eq!(judge(retry(true), &mut job, false).1, None);
            assert!(job.again);
            (0..10).for_each(|_| assert_eq!(judge(retry(false), &mut job, false).1, None));
        }
        let mut refused = job.clone();
        assert_eq!(code_of(judge(retry(true), &mut job, false).1), Some(code::UNKNOWN));
        let fail = Answer::Fail { code: 131_047, detail: "window".to_owned() };
        let end = judge(fail, &mut refused, false).1;
        assert!(
            matches!(&end, Some(SendResult::Failed { detail, .. }) if detail.contains("131047"))
        );
        assert_eq!(code_of(end), Some(code::UNKNOWN), "one of the tries may have been taken");
    }

    #[test]
    fn only_the_provider_says_that_its_channel_is_well() {
        let unsendable = Answer::Fail { code: code::UNSENDABLE, detail: String::new() };
        assert_eq!(judge(unsendable, &mut job(), false).0, Sign::None);
        let refused = Answer::Fail { code: 131_047, detail: String::new() };
        let (sign, end) = judge(refused, &mut job(), true);
        assert_eq!((sign, code_of(end)), (Sign::Well, Some(131_047)));
    }

    #[test]
    fn a_detail_is_cut_between_characters() {
        let SendResult::Failed { detail, .. } = failed(1, &"é".repeat(400)) else { panic!() };
        assert_eq!(detail.len(), 512);
        let SendResult::Failed { detail, .. } = failed(1, &format!("a{}", "é".repeat(400))) else {
            panic!()
        };
        assert_eq!(detail.len(), 511);
    }
}
