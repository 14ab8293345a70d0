use std::sync::Arc;
use std::time::Duration;

use model::desk::{Body, Envelope, Outcome, SendResult, Stamped, wire};
use model::id::{ChannelId, MessageId};
use model::limit;
use model::service::{Channel, ChannelKind, Content};
use storage::port::{LogError, NewRecord, Partition, Topic};

use super::DispatchConfig;
use super::client::{Client, NoReply};
use super::verdict::code;
use super::work::Job;
use crate::Ports;
use crate::connector::{Answer, Retry, Scope, whatsapp};
use crate::follow::SettingsFollower;
use crate::secret::Secrets;

/// Tries messages, and records what came of them; shared by every channel.
pub(super) struct Sender {
    pub(super) config: DispatchConfig,
    ports: Ports,
    settings: Arc<SettingsFollower>,
    secrets: Secrets,
    client: Client,
}

impl Sender {
    pub(super) fn new(
        ports: Ports,
        settings: Arc<SettingsFollower>,
        config: DispatchConfig,
    ) -> Self {
        let secrets = Secrets::new(Arc::clone(&ports.directory), Arc::clone(&ports.clock));
        let client = Client::new(&config);
        Self { config, ports, settings, secrets, client }
    }

    /// The ports it works on.
    pub(super) const fn ports(&self) -> &Ports {
        &self.ports
    }

    /// What kind of channel it is; the only kind built, while the settings do not say.
    pub(super) fn kind_of(&self, channel: ChannelId) -> ChannelKind {
        let settings = self.settings.current();
        settings.channels.get(&channel).map_or(ChannelKind::Whatsapp, |channel| channel.kind)
    }

    /// Whether `job` has been tried for as long as a message is.
    pub(super) fn is_expired(&self, job: &Job) -> bool {
        self.ports.clock.now().since(job.at) >= limit::DISPATCH_LIFETIME
    }

    /// Tries `job` once more; what to do now.
    pub(super) async fn attempt(&self, job: &Job) -> Answer {
        let settings = self.settings.current();
        let Some(channel) = settings.channels.get(&job.channel) else {
            return stopped("the channel is not in the settings yet");
        };
        match (&job.content, channel.kind) {
            (Content::Text(text), ChannelKind::Whatsapp) => self.text(job, channel, text).await,
            _ => Answer::Fail { code: code::UNSENDABLE, detail: "cannot be sent here".to_owned() },
        }
    }

    /// Makes the end of `job` durable. False when the log will not take it any more: then the
    /// message counts as unanswered, and is sent again after a restart.
    pub(super) async fn record(&self, message: MessageId, result: SendResult, tries: u32) -> bool {
        let at = self.ports.clock.now();
        let body = Body::Outcome(Outcome { message, result, at, tries });
        let bytes = wire::encode(&Stamped { envelope: Envelope::of_input(at), body });
        let lane = self.ports.place.of_conversation(message.conversation);
        let record = NewRecord { partition: Partition::new(Topic::Commands, lane.index()), bytes };
        // Without end while the log is full, as everything is; a drain bounds it.
        loop {
            match self.ports.log.append(vec![record.clone()]).await {
                Ok(_) => return true,
                Err(LogError::Full { .. } | LogError::Failed { .. }) => {
                    tokio::time::sleep(limit::APPEND_RETRY_WAIT).await;
                }
                Err(error) => {
                    tracing::warn!(%error, %message, "an answer could not be recorded");
                    return false;
                }
            }
        }
    }

    async fn text(&self, job: &Job, channel: &Channel, text: &str) -> Answer {
        let secret = match self.secrets.channel(channel.id).await {
            Ok(Some(secret)) => secret,
            Ok(None) => return stopped("the channel has no token"),
            Err(error) => {
                tracing::warn!(%error, channel = %channel.id, "no token to send with");
                return not_sent();
            }
        };
        let request = whatsapp::request(channel, job.message, &job.address, text);
        match self.client.post(&request, &secret.token).await {
            Ok(reply) => {
                let answer = whatsapp::classify(reply.status, &reply.body, job.tries + 1);
                obey(answer, reply.retry_after)
            }
            Err(error) => no_reply(&error, channel),
        }
    }
}

/// A wait the provider names in its head counts as one it names in its body.
fn obey(answer: Answer, retry_after: Option<Duration>) -> Answer {
    match answer {
        Answer::Retry(retry) => {
            Answer::Retry(Retry { after: retry.after.max(retry_after), ..retry })
        }
        other => other,
    }
}

fn no_reply(error: &NoReply, channel: &Channel) -> Answer {
    tracing::debug!(%error, channel = %channel.id, "a send had no answer");
    match error {
        NoReply::Request(error) => stopped(&error.to_string()),
        NoReply::Connect(_) => not_sent(),
        NoReply::Broken(_) | NoReply::Slow => {
            Answer::Retry(Retry { maybe_sent: true, ..Retry::default() })
        }
    }
}

const fn not_sent() -> Answer {
    Answer::Retry(Retry { after: None, scope: Scope::Channel, maybe_sent: false, code: 0 })
}

fn stopped(detail: &str) -> Answer {
    Answer::StopChannel { code: 0, detail: detail.to_owned() }
}
