//! What the desk is shown, as its JSON.

use model::desk::{MoveKind, Moved, Settings};
use model::id::{ChannelId, ConversationId, GroupId, ProtocolNumber, UserId};
use model::people::{Cap, Presence, User, UserKind};
use model::service::{Author, Content, ConversationState, ReceiptStatus};
use serde::Serialize;

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownUser {
    /// Its id.
    pub id: UserId,
    /// What he logs in as.
    pub login: String,
    /// The name colleagues see.
    pub name: String,
    /// What he may do.
    pub kind: UserKind,
    /// Whether he may log in and be given conversations.
    pub active: bool,
    /// The most conversations he holds at once.
    pub cap: Cap,
    /// The groups he is a member of.
    pub groups: Vec<GroupId>,
}

/// A conversation with its newest messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownConversation {
    /// Everything beside.
    #[serde(flatten)]
    pub head: ShownHead,
    /// How it was moved last, if it was and the view still knows.
    pub moved: Option<ShownMove>,
    /// Its newest messages, oldest first.
    pub messages: Vec<ShownMessage>,
}

/// A conversation without its messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownHead {
    /// Its id, as text: it has more bits than a JavaScript number.
    pub id: ConversationId,
    /// What the customer may quote.
    pub protocol: ProtocolNumber,
    /// The account it came to.
    pub channel: ChannelId,
    /// That account's name.
    pub channel_name: String,
    /// The customer's canonical address.
    pub address: String,
    /// The customer's name; may be empty.
    pub name: String,
    /// Where it stands.
    pub state: ConversationState,
    /// The group it waits in or was assigned through.
    pub group: Option<GroupId>,
    /// The responsible agent; of one that is queued, he in whose own line it waits.
    pub agent: Option<UserId>,
    /// When it began, in milliseconds since the Unix epoch.
    pub opened_at_ms: i64,
    /// When it ends if the customer, who was warned of it, stays silent; in milliseconds since the
    /// Unix epoch.
    pub warned_until_ms: Option<i64>,
}

/// How a conversation left its group, its agent or both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownMove {
    /// `transfer`, `reassign` or `redirect`.
    pub kind: &'static str,
    /// Who did it.
    pub by: ShownAuthor,
    /// What he noted for whoever gets it; may be empty.
    pub note: String,
    /// When, on lane time, in milliseconds since the Unix epoch.
    pub at_ms: i64,
}

/// Some of an operation's open conversations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadPage {
    /// In order of their ids.
    pub items: Vec<ShownHead>,
    /// The last one looked at: the next page comes after it.
    pub next: Option<ConversationId>,
    /// Whether there are more to look at.
    pub more: bool,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownMessage {
    /// Its place in the conversation.
    pub seq: u32,
    /// From or to the customer.
    pub direction: Direction,
    /// Who wrote it.
    pub author: ShownAuthor,
    /// Its text, if it is one.
    pub text: Option<String>,
    /// The provider's name of its kind, if it is one we do not show yet.
    pub unsupported: Option<String>,
    /// When, on lane time, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// How far a message of ours came, once the provider answered.
    pub status: Option<ReceiptStatus>,
}

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From the customer.
    In,
    /// To the customer.
    Out,
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ShownAuthor {
    /// What he is.
    pub kind: AuthorKind,
    /// Which user, if he is one.
    pub user: Option<UserId>,
}

/// What an author is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthorKind {
    /// The customer.
    Contact,
    /// A user of the desk.
    User,
    /// The flow.
    Flow,
    /// The system, by its own rules.
    System,
}

/// How long a group's queue is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownQueue {
    /// The group.
    pub group: GroupId,
    /// Its name.
    pub name: String,
    /// Conversations waiting.
    pub waiting: u32,
}

/// A socket's first frame: everything later frames build on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hello {
    /// Whose socket it is.
    pub user: ShownUser,
    /// His presence.
    pub presence: Presence,
    /// The conversations he is responsible for.
    pub conversations: Vec<ShownConversation>,
    /// The queues he sees.
    pub queues: Vec<ShownQueue>,
}

impl ShownUser {
    /// What is shown of `user`.
    pub fn of(user: &User) -> Self {
        Self {
            id: user.id,
            login: user.login.clone(),
            name: user.name.clone(),
            kind: user.kind,
            active: user.active,
            cap: user.cap,
            groups: user.groups.iter().map(|membership| membership.group).collect(),
        }
    }
}

impl ShownMove {
    /// What is shown of a move at `at_ms`.
    pub fn new(moved: &Moved, at_ms: i64) -> Self {
        let kind = match moved.kind {
            MoveKind::Transfer => "transfer",
            MoveKind::Reassign => "reassign",
            MoveKind::Redirect => "redirect",
        };
        Self { kind, by: ShownAuthor::of(moved.by), note: moved.note.clone(), at_ms }
    }
}

impl ShownMessage {
    /// What is shown of a message that nothing is known of beyond its sending.
    pub fn new(seq: u32, author: Author, content: &Content, at_ms: i64) -> Self {
        let direction = if author == Author::Contact { Direction::In } else { Direction::Out };
        let (text, unsupported) = match content {
            Content::Text(text) => (Some(text.clone()), None),
            Content::Unsupported { kind, .. } => (None, Some(kind.clone())),
        };
        let author = ShownAuthor::of(author);
        Self { seq, direction, author, text, unsupported, at_ms, status: None }
    }
}

impl ShownAuthor {
    fn of(author: Author) -> Self {
        match author {
            Author::Contact => Self { kind: AuthorKind::Contact, user: None },
            Author::User(user) => Self { kind: AuthorKind::User, user: Some(user) },
            Author::Flow => Self { kind: AuthorKind::Flow, user: None },
            Author::System => Self { kind: AuthorKind::System, user: None },
        }
    }
}

/// The name of a channel; empty while its settings are not known here.
pub fn channel_name(settings: &Settings, channel: ChannelId) -> String {
    settings.channels.get(&channel).map(|found| found.name.clone()).unwrap_or_default()
}

/// Whether `user` is shown how long the queue of `group` is: his own groups, and to those who
/// watch over agents every group of their operation.
pub fn sees_queue(settings: &Settings, user: &User, group: GroupId) -> bool {
    if user.kind == UserKind::Agent {
        return user.groups.iter().any(|membership| membership.group == group);
    }
    settings.groups.get(&group).is_some_and(|found| found.operation == user.operation)
}
