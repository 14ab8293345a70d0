//! Frames of the live socket, as far as an agent acts on them.

use model::id::ConversationId;
use serde::Deserialize;
use serde_json::Value;

/// One frame with its number on the socket.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Numbered {
    /// Dense from 0.
    pub(super) seq: u64,
    /// What it says.
    pub(super) frame: Frame,
}

/// What a frame says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Frame {
    /// The first one: all conversations the agent has.
    Hello(Vec<Conversation>),
    /// One more conversation.
    Assigned(Conversation),
    /// A message in one of them.
    Message(ConversationId, Message),
    /// One of them is over.
    Closed(ConversationId),
    /// Something an agent does not act on.
    Other,
}

/// A conversation as the desk shows it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Conversation {
    pub(super) id: ConversationId,
    pub(super) address: String,
    #[serde(default)]
    pub(super) messages: Vec<Message>,
}

/// A message as the desk shows it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Message {
    pub(super) seq: u32,
    pub(super) direction: Direction,
    pub(super) text: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Direction {
    In,
    Out,
}

#[derive(Deserialize)]
struct Raw {
    seq: u64,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Value,
}

#[derive(Deserialize)]
struct HelloData {
    conversations: Vec<Conversation>,
}

#[derive(Deserialize)]
struct AssignedData {
    conversation: Conversation,
}

#[derive(Deserialize)]
struct MessageData {
    conversation: ConversationId,
    message: Message,
}

#[derive(Deserialize)]
struct ClosedData {
    conversation: ConversationId,
}

/// Reads one frame.
pub(super) fn read(text: &str) -> Result<Numbered, serde_json::Error> {
    let Raw { seq, kind, data } = serde_json::from_str(text)?;
    let frame = match kind.as_str() {
        "hello" => Frame::Hello(serde_json::from_value::<HelloData>(data)?.conversations),
        "conversation.assigned" => {
            Frame::Assigned(serde_json::from_value::<AssignedData>(data)?.conversation)
        }
        "message" => {
            let data: MessageData = serde_json::from_value(data)?;
            Frame::Message(data.conversation, data.message)
        }
        "conversation.closed" => {
            Frame::Closed(serde_json::from_value::<ClosedData>(data)?.conversation)
        }
        _ => Frame::Other,
    };
    Ok(Numbered { seq, frame })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_as_the_desk_writes_them() {
        let message = r#"{"seq":2,"direction":"in","author":{"kind":"contact","user":null},
            "text":"oi","unsupported":null,"at_ms":1,"status":null}"#;
        let conversation = format!(
            r#"{{"id":"7","protocol":"2026","channel":1,"channel_name":"a","address":"551",
            "name":"J","state":"assigned","group":1,"agent":2,"opened_at_ms":1,
            "messages":[{message}]}}"#
        );
        let hello = format!(
            r#"{{"seq":0,"type":"hello","data":{{"user":{{}},"presence":"offline",
            "conversations":[{conversation}],"queues":[]}}}}"#
        );
        let id = ConversationId::from_u64(7).unwrap();
        let text = Some("oi".to_owned());
        let message_read = Message { seq: 2, direction: Direction::In, text };
        let messages = vec![message_read.clone()];
        let expected = Conversation { id, address: "551".to_owned(), messages };
        assert_eq!(read(&hello).unwrap().frame, Frame::Hello(vec![expected.clone()]));
        let frame = |kind: &str, data: &str| {
            read(&format!(r#"{{"seq":3,"type":"{kind}","data":{data}}}"#)).unwrap()
        };
        let data = format!(r#"{{"conversation":{conversation}}}"#);
        let assigned = frame("conversation.assigned", &data);
        assert_eq!(assigned, Numbered { seq: 3, frame: Frame::Assigned(expected) });
        let data = format!(r#"{{"conversation":"7","message":{message}}}"#);
        assert_eq!(frame("message", &data).frame, Frame::Message(id, message_read));
        let closed = frame("conversation.closed", r#"{"conversation":"7"}"#);
        assert_eq!(closed.frame, Frame::Closed(id));
        assert_eq!(frame("queue", r#"{"group":1,"waiting":3}"#).frame, Frame::Other);
        assert!(read("{}").is_err());
    }
}
