//! Every hard bound of the system, in one place. Full means refuse upstream, never grow.

use std::time::Duration;

/// Greatest webhook body: Meta sends up to 3 MB (Graph API webhooks documentation).
pub const WEBHOOK_BODY_BYTES: usize = 3 * 1024 * 1024;
/// Greatest body of a desk API request.
pub const API_BODY_BYTES: usize = 256 * 1024;
/// Greatest text of one message, in bytes: WhatsApp takes 4096 characters of up to 4 bytes.
pub const TEXT_BYTES: usize = 16 * 1024;
/// Greatest raw form kept of one element we do not understand.
pub const RAW_BYTES: usize = 64 * 1024;
/// Deepest nesting accepted in a provider's JSON.
pub const JSON_DEPTH: usize = 64;
/// Most elements handled of one webhook: Meta batches up to 1000 updates.
pub const WEBHOOK_ELEMENTS: usize = 4_096;
/// Greatest record a log accepts.
pub const RECORD_BYTES: usize = 1024 * 1024;
/// Bytes a log holds that are appended and not yet durable; beyond it appends are refused.
pub const APPENDING_BYTES: usize = 64 * 1024 * 1024;
/// Longest wait for an append before a webhook is answered 503.
pub const INGEST_WAIT: Duration = Duration::from_millis(2_500);
/// Requests in work at the ingest listener, over all connections.
pub const INGEST_IN_FLIGHT: usize = 8_192;
/// Connections open at the ingest listener.
pub const INGEST_CONNECTIONS: usize = 16_384;
/// Conversations open in one lane: the size of its waiting slots.
pub const OPEN_CONVERSATIONS: u32 = 1 << 18;
/// Events of one record.
pub const EVENTS_PER_RECORD: usize = 64;
/// Batches a lane may have in the appender before it waits.
pub const BATCHES_IN_APPENDER: usize = 8;
/// Inputs a lane takes in one batch.
pub const LANE_BATCH: usize = 256;
/// Messages of an open conversation the view keeps.
pub const VIEW_MESSAGES: usize = 50;
/// Sends in flight to one provider channel.
pub const DISPATCH_IN_FLIGHT: usize = 64;
/// Outbound messages waiting at one channel; further ones wait at their shard, up to
/// [`DISPATCH_HELD`].
pub const DISPATCH_PENDING: usize = 100_000;
/// Further tries of one send after one whose outcome is unknown: each may reach the customer
/// again. Tries that certainly sent nothing are bounded by [`DISPATCH_LIFETIME`] alone.
pub const DISPATCH_REPEATS: u32 = 2;
/// How long an outbound message is tried, from its `MessageSent`: as long as WhatsApp's window for
/// free text stays open after the customer's last message.
pub const DISPATCH_LIFETIME: Duration = Duration::from_secs(24 * 3_600);
/// Frames queued for one socket before it is closed with 1013.
pub const SOCKET_FRAMES: usize = 1_024;
/// Greatest WebSocket message from an agent.
pub const SOCKET_BYTES: usize = 64 * 1024;
/// How long the API waits for the record that answers a command before it says 202.
pub const COMMAND_WAIT: Duration = Duration::from_secs(2);
/// How long a command's id is remembered.
pub const COMMAND_WINDOW: Duration = Duration::from_secs(24 * 3_600);
/// How long a provider's message id is remembered in memory.
pub const DEDUP_WINDOW: Duration = Duration::from_secs(72 * 3_600);
/// How long a drain may take after SIGTERM.
pub const DRAIN: Duration = Duration::from_secs(25);
/// Greatest cap of simultaneous chats.
pub const CAP: u8 = 80;
/// Groups one agent may be in.
pub const GROUPS_PER_AGENT: usize = 64;
/// The part of the disk that stays free: below it ingest answers 503 (1/10 of the file system,
/// at most [`DISK_RESERVE_BYTES`]).
pub const DISK_RESERVE_PART: u64 = 10;
/// The most that the disk reserve asks for.
pub const DISK_RESERVE_BYTES: u64 = 1024 * 1024 * 1024;
/// Greatest configuration or settings file.
pub const CONFIG_BYTES: u64 = 1024 * 1024;
/// How long a session lives, from its login.
pub const SESSION: Duration = Duration::from_secs(12 * 3_600);
/// How long a session that was read is trusted before it is read again: a revocation is in force
/// within it.
pub const SESSION_TRUST: Duration = Duration::from_secs(5);
/// Sessions kept in memory; beyond it each request reads its session.
pub const SESSIONS_CACHED: usize = 65_536;
/// Shortest password, in characters (OWASP ASVS 5.0, 6.2.1).
pub const PASSWORD_CHARACTERS: usize = 8;
/// Longest password, in bytes.
pub const PASSWORD_BYTES: usize = 1_024;
/// Longest login, in bytes.
pub const LOGIN_BYTES: usize = 256;
/// Passwords hashed at a time, 19 MiB each.
pub const PASSWORD_HASHES: usize = 2;
/// Logins waiting for a hash; beyond it a login is answered 503.
pub const LOGINS_WAITING: usize = 1_024;
/// Failed logins of one name from one network within [`LOGIN_WINDOW`] before further ones are
/// answered 429.
pub const LOGIN_FAILURES: u32 = 10;
/// The window of [`LOGIN_FAILURES`].
pub const LOGIN_WINDOW: Duration = Duration::from_secs(60);
/// Names, each with the network it was tried from, whose failed logins are remembered: more than
/// can be hashed within the window.
pub const LOGIN_NAMES: usize = 65_536;
/// Sockets one user may have open.
pub const SOCKETS_PER_USER: usize = 8;
/// Sockets open at the desk, over all users.
pub const SOCKETS: usize = 16_384;
/// How often a socket is pinged.
pub const SOCKET_PING: Duration = Duration::from_secs(20);
/// How long a socket may take for one frame.
pub const SOCKET_WRITE: Duration = Duration::from_secs(30);
/// Requests in work at the desk listener.
pub const DESK_IN_FLIGHT: usize = 4_096;
/// Answered commands of one shard the view remembers, so that a repeat has the same answer.
pub const VIEW_ANSWERS: usize = 65_536;
/// Closed conversations of one shard the view keeps until history has surely caught up.
pub const VIEW_CLOSED: usize = 1_024;
/// The least time between two notices of one queue's length.
pub const QUEUE_NOTICE: Duration = Duration::from_millis(500);
/// Longest `Idempotency-Key`, in bytes.
pub const IDEMPOTENCY_KEY_BYTES: usize = 255;
/// Messages in one page of a conversation's history.
pub const HISTORY_PAGE: usize = 50;
/// Greatest input record a lane handles; a larger one goes to `dead`. It leaves room for a record
/// of `events` that holds the input's content and a flow's texts.
pub const INPUT_BYTES: usize = 256 * 1024;
/// Bytes a lane reads of one input partition at a time.
pub const LANE_READ_BYTES: usize = 1024 * 1024;
/// Bytes of text a flow says in one run; what goes beyond is left unsaid.
pub const FLOW_BYTES: usize = 64 * 1024;
/// Shortest wait before a shard that ended is claimed again; doubled at each failure in a row.
pub const RESTART_WAIT_LEAST: Duration = Duration::from_millis(50);
/// Longest wait before a shard that ended is claimed again.
pub const RESTART_WAIT_MOST: Duration = Duration::from_secs(10);
/// Longest wait between two tries of an append that the log refused as full.
pub const APPEND_RETRY_WAIT: Duration = Duration::from_millis(100);
/// Bytes of webhook bodies held at once, over all connections; beyond it webhooks are answered 503.
pub const INGEST_BODIES_BYTES: usize = 256 * 1024 * 1024;
/// Bytes of a request's head the ingest listener takes.
pub const INGEST_HEAD_BYTES: usize = 32 * 1024;
/// Greatest body read of a provider's answer to a send.
pub const PROVIDER_BODY_BYTES: usize = 64 * 1024;
/// How long a socket may take to say goodbye.
pub const SOCKET_GOODBYE: Duration = Duration::from_secs(2);
/// The part of [`DRAIN`] that each listener may take to answer what is in work: its peers decide
/// how long they take, and must not take the time of those who keep what was acknowledged.
pub const DRAIN_LISTENER: Duration = Duration::from_secs(5);
/// The part of [`DRAIN`] that shards may take: longer only if the log takes no more.
pub const DRAIN_SHARDS: Duration = Duration::from_secs(5);
/// The part of [`DRAIN`] that sends in flight may take; what is abandoned is sent again.
pub const DRAIN_DISPATCH: Duration = Duration::from_secs(7);
/// Connections open at the desk listener beside the sockets, which are counted apart.
pub const DESK_CONNECTIONS: usize = 8_192;
/// Bytes of a request's head the desk listener takes.
pub const DESK_HEAD_BYTES: usize = 32 * 1024;
/// Idempotency keys whose command is remembered, over all users.
pub const IDEMPOTENCY_KEYS: usize = 65_536;
/// Messages of one shard held for channels with [`DISPATCH_PENDING`] waiting; beyond it the shard's
/// dispatcher reads no further in `events`, for any channel, until some have gone.
pub const DISPATCH_HELD: usize = 500_000;
/// How long after its end a conversation still takes receipts: Meta delivers a webhook again for
/// up to 7 days (Graph API webhooks documentation).
pub const RECEIPT_WINDOW: Duration = Duration::from_secs(7 * 24 * 3_600);
/// Panics over one input before it is put to `dead` undecided.
pub const PANICS_PER_INPUT: u32 = 3;
/// Inputs of one shard whose panics are counted; beyond it the oldest is forgotten.
pub const SUSPECT_INPUTS: usize = 64;
/// Letters of `dead` told in one page.
pub const DEAD_PAGE: usize = 1_000;
/// Tasks that commands may have given to a running server at once.
pub const TASKS: usize = 4;
/// Longest line of a command that gives a running server a task, in bytes.
pub const TASK_BYTES: u64 = 64 * 1024;
/// How long such a command may take to say what it wants.
pub const TASK_WAIT: Duration = Duration::from_secs(5);
/// Places a routing core's patrol looks at in one look: a larger house takes several for a round.
pub const PATROL_PLACES: u32 = 1 << 17;
/// The time between two looks of a patrol.
pub const PATROL_WAIT: Duration = Duration::from_secs(1);
/// Longest note of a transfer or reassignment, in bytes.
pub const NOTE_BYTES: usize = 4 * 1024;
/// Users in one renewal of a gateway's sessions; a gateway with more writes several.
pub const LEASE_USERS: usize = 16_384;
/// Conversations of one step of a sweep, each with its own record; a lane takes inputs between two
/// steps.
pub const SWEEP_STEP: usize = 256;
/// Groups a conversation is passed on to, one after the other, because the one before is inactive
/// or has its queue full.
pub const OVERFLOW_GROUPS: usize = 8;
/// Groups on one group's list of those it transfers to.
pub const TRANSFER_GROUPS: usize = 1_024;
/// How often a gateway renews the presence of its sessions.
pub const LEASE_RENEWAL: Duration = Duration::from_secs(10);
/// Conversations in one page of an operation's list.
pub const LISTED: usize = 200;
/// Conversations looked at for one page of an operation's list, while its view stands still.
pub const LISTED_LOOKS: usize = 2_000;
/// How long a presence that a gateway renews holds on without it, on lane time.
pub const LEASE: Duration = Duration::from_secs(30);
/// Looks at what may be due in one turn of a lane, sweeps among them; a lane takes inputs between
/// two turns.
pub const DUE_PER_TURN: usize = SWEEP_STEP;
