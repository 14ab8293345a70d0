use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::JoinHandle;

use model::desk::Settings;
use model::id::{CommandId, ConversationId, ShardId, UserId};
use model::people::{Presence, User};
use model::service::ConversationState;
use parking_lot::Mutex;
use storage::port::{Offset, Position};
use storage::tail::EventTail;
use tokio::sync::watch;

use crate::Ports;
use crate::follow::SettingsFollower;

use super::answer::{Answers, CommandAnswer, Expected};
use super::follow::{Follower, Progress};
use super::shard::{Facts, ShardView};
use super::shown::{HeadPage, ShownConversation, ShownMessage, ShownQueue};
use super::subscriber::Subscription;

/// The view of every shard.
pub struct View {
    settings: Arc<SettingsFollower>,
    shards: Vec<Shard>,
    answers: Arc<Answers>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Shard {
    view: Arc<Mutex<ShardView>>,
    progress: watch::Receiver<Progress>,
}

impl View {
    /// Starts a thread for each shard, which folds `events` from its start until `stop`.
    pub fn start(
        ports: &Ports,
        settings: Arc<SettingsFollower>,
        stop: watch::Receiver<bool>,
    ) -> std::io::Result<Arc<Self>> {
        let answers = Arc::new(Answers::default());
        let (mut shards, mut threads) = (Vec::new(), Vec::new());
        for id in ports.place.each_shard() {
            let (progress, seen) = watch::channel(Progress::default());
            let view = Arc::<Mutex<ShardView>>::default();
            shards.push(Shard { view: Arc::clone(&view), progress: seen });
            let follower = Follower {
                tail: EventTail::new(Arc::clone(&ports.log), id, Position::default()),
                shard: view,
                answers: Arc::clone(&answers),
                settings: Arc::clone(&settings),
                clock: Arc::clone(&ports.clock),
                progress,
                remembered: VecDeque::new(),
            };
            let stop = stop.clone();
            let thread = std::thread::Builder::new()
                .name(format!("view-{}", id.get()))
                .spawn(move || follower.run(&stop))?;
            threads.push(thread);
        }
        Ok(Arc::new(Self { settings, shards, answers, threads: Mutex::new(threads) }))
    }

    /// Resolves when every shard's log was read to its end once: before that, what is shown may
    /// be long past.
    pub async fn caught_up(&self) {
        for shard in &self.shards {
            // An error is a thread that ended: then nothing more will come.
            drop(shard.progress.clone().wait_for(|progress| progress.caught_up).await);
        }
    }

    /// Resolves when the record at `offset` of the shard's `events` is shown.
    pub async fn reached(&self, shard: ShardId, offset: Offset) {
        if let Some(shard) = self.shards.get(usize::from(shard.get())) {
            drop(shard.progress.clone().wait_for(|progress| progress.next > offset).await);
        }
    }

    /// Announces a command that is about to be appended; see [`Expected`].
    pub fn expect(&self, user: UserId, id: CommandId) -> Expected {
        self.answers.expect((user, id))
    }

    /// What the log said of a command, if that is remembered.
    pub fn answered(&self, user: UserId, id: CommandId) -> Option<CommandAnswer> {
        self.answers.known((user, id))
    }

    /// Opens a user's socket; `None` when he has as many as he may, or his operation is unknown.
    pub fn subscribe(&self, user: &User) -> Option<Subscription> {
        let settings = self.settings.current();
        self.of_user(user, &settings)?.lock().subscribe(user, &settings)
    }

    /// The conversations `user` is responsible for, in order of their ids.
    pub fn conversations_of(&self, user: &User) -> Vec<ShownConversation> {
        let settings = self.settings.current();
        let shard = self.of_user(user, &settings);
        shard.map_or_else(Vec::new, |view| view.lock().conversations_of(user.id, &settings))
    }

    /// Open conversations of `user`'s operation after `after`, those in `state` where one is asked
    /// for. At most [`model::limit::LISTED_LOOKS`] are looked at for one page.
    pub fn open_in_operation(
        &self,
        user: &User,
        after: Option<ConversationId>,
        state: Option<ConversationState>,
    ) -> HeadPage {
        let settings = self.settings.current();
        let shard = self.of_user(user, &settings);
        let page = |view: &Mutex<ShardView>| {
            view.lock().open_in(user.operation, (after, state), &settings)
        };
        shard.map_or_else(HeadPage::default, page)
    }

    /// The queues `user` sees.
    pub fn queues_of(&self, user: &User) -> Vec<ShownQueue> {
        let settings = self.settings.current();
        let shard = self.of_user(user, &settings);
        shard.map_or_else(Vec::new, |view| view.lock().queues_of(user, &settings))
    }

    /// Whether `user` is there.
    pub fn presence_of(&self, user: &User) -> Presence {
        let shard = self.of_user(user, &self.settings.current());
        shard.map_or_else(Presence::default, |view| view.lock().presence(user.id))
    }

    /// A conversation that is open or was closed lately.
    pub fn conversation(&self, id: ConversationId) -> Option<ShownConversation> {
        let settings = self.settings.current();
        self.of_conversation(id)?.lock().conversation(id, &settings)
    }

    /// The newest messages of such a conversation, oldest first.
    pub fn messages(&self, id: ConversationId) -> Option<Vec<ShownMessage>> {
        self.of_conversation(id)?.lock().messages(id)
    }

    /// What a decision about such a conversation rests on.
    pub fn facts(&self, id: ConversationId) -> Option<Facts> {
        self.of_conversation(id)?.lock().facts(id)
    }

    /// Whether every shard is followed: its thread runs, and could read the log at its last look.
    pub fn is_following(&self) -> bool {
        let failing = self.shards.iter().any(|shard| shard.progress.borrow().failing);
        !failing && self.threads.lock().iter().all(|thread| !thread.is_finished())
    }

    /// Waits for the threads, which end at the stop signal.
    pub fn join(&self) {
        for thread in self.threads.lock().drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the view panicked");
            }
        }
    }

    fn of_user(&self, user: &User, settings: &Settings) -> Option<&Mutex<ShardView>> {
        self.of_shard(settings.operations.get(&user.operation)?.shard)
    }

    fn of_conversation(&self, id: ConversationId) -> Option<&Mutex<ShardView>> {
        self.of_shard(id.shard())
    }

    fn of_shard(&self, shard: ShardId) -> Option<&Mutex<ShardView>> {
        Some(&*self.shards.get(usize::from(shard.get()))?.view)
    }
}
