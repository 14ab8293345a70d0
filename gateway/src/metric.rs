//! Every metric of this crate, in one table, and the handles the hot paths hold.
//!
//! Labels come from closed sets only: a channel's kind, an answer's code, a reason.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Unit};
use model::desk::DeadReason;
use model::service::ChannelKind;

/// What a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// A level.
    Gauge,
    /// A distribution, in seconds.
    Histogram,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it counts.
    pub kind: MetricKind,
    /// Its meaning, for `# HELP`.
    pub help: &'static str,
}

const INGEST_REQUESTS: &str = "chasqui_ingest_requests_total";
const INGEST_SECONDS: &str = "chasqui_ingest_request_duration_seconds";
const INGEST_IN_FLIGHT: &str = "chasqui_ingest_in_flight_requests";
const INGEST_CONNECTIONS: &str = "chasqui_ingest_connections";
const INGEST_ELEMENTS: &str = "chasqui_ingest_elements_total";
const ACCEPT_ERRORS: &str = "chasqui_ingest_accept_errors_total";
const SIGNATURE_FAILURES: &str = "chasqui_signature_failures_total";
const DEAD_LETTERS: &str = "chasqui_dead_letters_total";
const SENDS: &str = "chasqui_sends_total";
const SENDS_REPEATED: &str = "chasqui_sends_repeated_total";
const SENDS_IN_FLIGHT: &str = "chasqui_sends_in_flight";
const SENDS_PENDING: &str = "chasqui_sends_pending";
const DESK_REQUESTS: &str = "chasqui_desk_requests_total";
const DESK_SECONDS: &str = "chasqui_desk_request_duration_seconds";
const DESK_ACCEPT_ERRORS: &str = "chasqui_desk_accept_errors_total";
const SOCKETS: &str = "chasqui_live_sockets";
const SOCKET_FRAMES: &str = "chasqui_live_frames_total";
const SOCKET_OVERFLOWS: &str = "chasqui_live_overflows_total";
const LEASE_USERS: &str = "chasqui_lease_users";
const LEASE_RENEWALS: &str = "chasqui_lease_renewals_total";

/// The table.
pub const TABLE: [Metric; 20] = [
    counter(INGEST_REQUESTS, "webhook requests answered, by channel and status code"),
    histogram(INGEST_SECONDS, "from a webhook's head to its answer"),
    gauge(INGEST_IN_FLIGHT, "webhook requests in work"),
    gauge(INGEST_CONNECTIONS, "connections open at the ingest listener"),
    counter(INGEST_ELEMENTS, "messages, receipts and dead elements made durable, by kind"),
    counter(ACCEPT_ERRORS, "connections the operating system could not hand over"),
    counter(SIGNATURE_FAILURES, "webhooks whose signature did not verify, by channel"),
    counter(DEAD_LETTERS, "elements put into the dead topic, by reason"),
    counter(SENDS, "answers to sends, by channel and result"),
    counter(
        SENDS_REPEATED,
        "tries of messages that were tried without an answer, or stood unanswered at a start, tried \
         or not: each may repeat one the provider took, by channel",
    ),
    gauge(SENDS_IN_FLIGHT, "sends waiting for the provider's answer, by channel"),
    gauge(SENDS_PENDING, "messages waiting to be sent, by channel"),
    counter(DESK_REQUESTS, "desk requests answered, by class of status code"),
    histogram(DESK_SECONDS, "from a desk request's head to its answer"),
    counter(DESK_ACCEPT_ERRORS, "desk connections the operating system could not hand over"),
    gauge(SOCKETS, "agents' sockets open"),
    counter(SOCKET_FRAMES, "frames written to agents' sockets"),
    counter(SOCKET_OVERFLOWS, "sockets closed because they did not keep up"),
    gauge(LEASE_USERS, "users with a socket here at the last renewal of their presence"),
    counter(LEASE_RENEWALS, "renewals of the presence of everybody with a socket, by result"),
];

/// Tells the installed recorder what each metric means.
pub fn describe() {
    for metric in TABLE {
        match metric.kind {
            MetricKind::Counter => metrics::describe_counter!(metric.name, metric.help),
            MetricKind::Gauge => metrics::describe_gauge!(metric.name, metric.help),
            MetricKind::Histogram => {
                metrics::describe_histogram!(metric.name, Unit::Seconds, metric.help);
            }
        }
    }
}

/// The listener's handles.
pub(crate) struct ListenerMeter {
    requests: Vec<(Option<ChannelKind>, u16, Counter)>,
    /// From a request's head to its answer.
    pub(crate) seconds: Histogram,
    /// Requests in work.
    pub(crate) in_flight: Gauge,
    /// Connections open.
    pub(crate) connections: Gauge,
    /// Failed accepts.
    pub(crate) accept_errors: Counter,
    /// Signatures that did not verify.
    pub(crate) signature_failures: Counter,
}

/// The handles of what ingest appends.
pub(crate) struct IngestMeter {
    /// Messages made durable.
    pub(crate) messages: Counter,
    /// Receipts made durable.
    pub(crate) receipts: Counter,
    dead: Vec<(DeadReason, Counter)>,
}

/// The handles of one kind of channel's sends.
pub(crate) struct SendMeter {
    /// The provider took it.
    pub(crate) accepted: Counter,
    /// Recorded as failed.
    pub(crate) failed: Counter,
    /// A try that sent nothing.
    pub(crate) retried: Counter,
    /// A try that the provider may have taken.
    pub(crate) unknown: Counter,
    /// The channel was stopped by the answer.
    pub(crate) stopped: Counter,
    /// Tries of messages tried without an answer, or found unanswered at a start.
    pub(crate) repeated: Counter,
    /// Waiting for an answer.
    pub(crate) in_flight: Gauge,
    /// Waiting to be sent.
    pub(crate) pending: Gauge,
}

/// The desk API's handles.
pub(crate) struct DeskMeter {
    requests: [Counter; 5],
    seconds: Histogram,
    /// Failed accepts.
    pub(crate) accept_errors: Counter,
}

/// The handles of agents' sockets.
pub(crate) struct LiveMeter {
    /// Sockets open.
    pub(crate) sockets: Gauge,
    /// Frames written.
    pub(crate) frames: Counter,
    /// Sockets that did not keep up.
    pub(crate) overflows: Counter,
}

/// The handles of presence renewed.
pub(crate) struct LeaseMeter {
    /// Users with a socket.
    pub(crate) users: Gauge,
    /// Renewals that became durable.
    pub(crate) durable: Counter,
    /// Renewals the log had no room for.
    pub(crate) refused: Counter,
    /// Renewals that failed or came too late to count on.
    pub(crate) failed: Counter,
}

impl ListenerMeter {
    const CODES: [u16; 11] = [200, 400, 401, 403, 404, 405, 408, 413, 415, 500, 503];

    /// Handles of the recorder installed now; series begin at 0.
    pub(crate) fn new() -> Self {
        let kinds = [None, Some(ChannelKind::Whatsapp)];
        let requests = kinds
            .into_iter()
            .flat_map(|kind| Self::CODES.map(|code| (kind, code, requests(kind, code))))
            .collect();
        Self {
            requests,
            seconds: metrics::histogram!(INGEST_SECONDS),
            in_flight: metrics::gauge!(INGEST_IN_FLIGHT),
            connections: metrics::gauge!(INGEST_CONNECTIONS),
            accept_errors: metrics::counter!(ACCEPT_ERRORS),
            signature_failures: metrics::counter!(
                SIGNATURE_FAILURES,
                "channel" => ChannelKind::Whatsapp.name()
            ),
        }
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, kind: Option<ChannelKind>, code: u16) {
        let held = self.requests.iter().find(|(k, c, _)| (*k, *c) == (kind, code));
        match held {
            Some((_, _, counter)) => counter.increment(1),
            None => requests(kind, code).increment(1),
        }
    }
}

impl IngestMeter {
    /// Handles of the recorder installed now.
    pub(crate) fn new() -> Self {
        let dead = DeadReason::ALL
            .map(|reason| (reason, metrics::counter!(DEAD_LETTERS, "reason" => reason.name())));
        Self {
            messages: metrics::counter!(INGEST_ELEMENTS, "kind" => "message"),
            receipts: metrics::counter!(INGEST_ELEMENTS, "kind" => "receipt"),
            dead: dead.into(),
        }
    }

    /// Counts a dead letter.
    pub(crate) fn dead(&self, reason: DeadReason) {
        for (_, counter) in self.dead.iter().filter(|(held, _)| *held == reason) {
            counter.increment(1);
        }
    }
}

impl SendMeter {
    /// Handles for one kind of channel, of the recorder installed now.
    pub(crate) fn new(kind: ChannelKind) -> Self {
        let channel = kind.name();
        let result =
            |name: &'static str| metrics::counter!(SENDS, "channel" => channel, "result" => name);
        Self {
            accepted: result("accepted"),
            failed: result("failed"),
            retried: result("retried"),
            unknown: result("unknown"),
            stopped: result("stopped"),
            repeated: metrics::counter!(SENDS_REPEATED, "channel" => channel),
            in_flight: metrics::gauge!(SENDS_IN_FLIGHT, "channel" => channel),
            pending: metrics::gauge!(SENDS_PENDING, "channel" => channel),
        }
    }
}

impl DeskMeter {
    const CLASSES: [&'static str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

    /// Handles of the recorder installed now; series begin at 0.
    pub(crate) fn new() -> Self {
        Self {
            requests: Self::CLASSES.map(|class| metrics::counter!(DESK_REQUESTS, "code" => class)),
            seconds: metrics::histogram!(DESK_SECONDS),
            accept_errors: metrics::counter!(DESK_ACCEPT_ERRORS),
        }
    }

    /// Counts an answer and the time it took.
    pub(crate) fn answered(&self, code: u16, took: Duration) {
        let class = usize::from(code / 100).saturating_sub(1);
        if let Some(counter) = self.requests.get(class) {
            counter.increment(1);
        }
        self.seconds.record(took);
    }
}

impl LiveMeter {
    /// Handles of the recorder installed now.
    pub(crate) fn new() -> Self {
        Self {
            sockets: metrics::gauge!(SOCKETS),
            frames: metrics::counter!(SOCKET_FRAMES),
            overflows: metrics::counter!(SOCKET_OVERFLOWS),
        }
    }
}

impl LeaseMeter {
    /// Handles of the recorder installed now; series begin at 0.
    pub(crate) fn new() -> Self {
        let result = |name: &'static str| metrics::counter!(LEASE_RENEWALS, "result" => name);
        Self {
            users: metrics::gauge!(LEASE_USERS),
            durable: result("durable"),
            refused: result("refused"),
            failed: result("failed"),
        }
    }
}

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: MetricKind::Counter, help }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: MetricKind::Gauge, help }
}

const fn histogram(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: MetricKind::Histogram, help }
}

fn requests(kind: Option<ChannelKind>, code: u16) -> Counter {
    let channel = kind.map_or("none", ChannelKind::name);
    metrics::counter!(INGEST_REQUESTS, "channel" => channel, "code" => code.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules_of_prometheus() {
        for metric in TABLE {
            assert!(metric.name.starts_with("chasqui_"), "{}", metric.name);
            let total = metric.name.ends_with("_total");
            assert_eq!(total, metric.kind == MetricKind::Counter, "{}", metric.name);
            let seconds = metric.name.ends_with("_seconds");
            assert_eq!(seconds, metric.kind == MetricKind::Histogram, "{}", metric.name);
        }
        let names: std::collections::BTreeSet<&str> = TABLE.iter().map(|m| m.name).collect();
        assert_eq!(names.len(), TABLE.len(), "each name once");
    }
}
