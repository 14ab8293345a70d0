use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use model::service::Secret;
use model::time::Clock;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Arrival, CustomerRecord, Load, MessageKey, Repeat, Schedule, SentMessage, Token};
use crate::http::{BackOff, Call, HttpClient};
use crate::provider::whatsapp::webhook::{self, TextUpdate};

/// What customers need to know of the product: what Meta knows.
#[derive(Clone)]
pub struct CustomerPlan {
    /// The ingest listener.
    pub ingest: SocketAddr,
    /// The endpoint's name, the last part of the webhook's path.
    pub endpoint: String,
    /// What webhooks are signed with.
    pub app_secret: Secret,
    /// The phone number ids written to; each contact writes to one of them.
    pub accounts: Vec<String>,
    /// How much load.
    pub load: Load,
    /// Told apart from other runs by this.
    pub run: u64,
    /// What planned times in tokens count from.
    pub origin: Instant,
    /// The time that webhooks carry.
    pub clock: Arc<dyn Clock>,
}

/// How far the customers are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CustomerProgress {
    /// Messages planned so far.
    pub planned: u64,
    /// Messages answered 2xx.
    pub taken: u64,
    /// Messages sent once more on purpose.
    pub repeated: u64,
    /// Tries again.
    pub retries: u64,
    /// Requests on their way right now.
    pub in_flight: u64,
    /// Whether all was planned, sent and taken.
    pub finished: bool,
}

/// Customers at work.
#[derive(Clone)]
pub struct Customers {
    shared: Arc<Shared>,
    enough: Arc<watch::Sender<bool>>,
    give_up: Arc<watch::Sender<bool>>,
}

struct Shared {
    plan: CustomerPlan,
    client: HttpClient,
    path: String,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    record: CustomerRecord,
    /// Contacts with a message on its way, and what they will write next.
    busy: HashMap<u32, VecDeque<Letter>>,
    planned: u64,
    taken: u64,
    in_flight: u64,
    repeats_due: u64,
    all_planned: bool,
}

struct Letter {
    token: Token,
    provider_id: String,
    text: String,
    repeat: Option<Repeat>,
}

/// What goes over the wire, again and again the same.
struct Webhook {
    body: Bytes,
    signature: String,
    messages: u64,
}

impl Customers {
    /// Starts to write, on the current runtime; the first planned time counts from now.
    pub fn start(plan: CustomerPlan) -> Self {
        let (enough, give_up) = (watch::Sender::new(false), watch::Sender::new(false));
        let shared = Arc::new(Shared {
            client: HttpClient::new(plan.ingest),
            path: format!("/webhooks/{}", plan.endpoint),
            plan,
            book: Mutex::default(),
        });
        tokio::spawn(pace(Arc::clone(&shared), enough.subscribe(), give_up.subscribe()));
        Self { shared, enough: Arc::new(enough), give_up: Arc::new(give_up) }
    }

    /// How far they are.
    pub fn progress(&self) -> CustomerProgress {
        let book = self.shared.book.lock();
        CustomerProgress {
            planned: book.planned,
            taken: book.taken,
            repeated: book.record.repeated,
            retries: book.record.retries,
            in_flight: book.in_flight,
            finished: book.all_planned && book.busy.is_empty() && book.repeats_due == 0,
        }
    }

    /// Requests on their way right now.
    pub fn in_flight(&self) -> u64 {
        self.shared.book.lock().in_flight
    }

    /// Plans no more; what was planned is written.
    pub fn write_no_more(&self) {
        self.enough.send_replace(true);
    }

    /// Whether the last message is planned.
    pub fn all_planned(&self) -> bool {
        self.shared.book.lock().all_planned
    }

    /// Plans no more and gives up what was not taken.
    pub fn give_up(&self) {
        self.give_up.send_replace(true);
    }

    /// Everything sent and answered so far; what is still on its way counts as not taken.
    pub fn record(&self) -> CustomerRecord {
        let book = self.shared.book.lock();
        let waiting: usize = book.busy.values().map(VecDeque::len).sum();
        let unsent = book.record.unsent + waiting as u64;
        CustomerRecord { unsent, ..book.record.clone() }
    }
}

async fn pace(
    shared: Arc<Shared>,
    mut enough: watch::Receiver<bool>,
    mut stop: watch::Receiver<bool>,
) {
    let begin = Instant::now();
    let schedule = Schedule::new(&shared.plan.load);
    for arrival in schedule {
        let due = begin + arrival.at;
        tokio::select! {
            () = tokio::time::sleep_until(due) => {}
            _ = stop.wait_for(|stop| *stop) => break,
            _ = enough.wait_for(|enough| *enough) => break,
        }
        let letters = shared.plan_letters(&arrival, due);
        if !letters.is_empty() {
            tokio::spawn(Arc::clone(&shared).write(letters, stop.clone()));
        }
    }
    shared.book.lock().all_planned = true;
}

impl Shared {
    /// Puts an arrival's texts on the book; returns those whose contacts are free to write now.
    fn plan_letters(&self, arrival: &Arrival, due: Instant) -> Vec<Letter> {
        let lateness = Instant::now().saturating_duration_since(due);
        let planned = due.saturating_duration_since(self.plan.origin);
        let mut book = self.book.lock();
        book.record.webhooks += 1;
        book.record.lateness_us.saturating_record(micros(lateness));
        let mut now = Vec::new();
        for text in &arrival.texts {
            book.planned += 1;
            let token = Token { run: self.plan.run, key: text.key, planned, last: text.last };
            let letter = Letter::new(token, arrival.repeat);
            match book.busy.get_mut(&text.key.contact) {
                Some(queue) => queue.push_back(letter),
                None => {
                    book.busy.insert(text.key.contact, VecDeque::new());
                    now.push(letter);
                }
            }
        }
        now
    }

    /// Sends these letters in one webhook, then what their contacts wrote meanwhile, and so on.
    async fn write(self: Arc<Self>, mut letters: Vec<Letter>, mut stop: watch::Receiver<bool>) {
        while !letters.is_empty() {
            let webhook = Arc::new(self.webhook(&letters));
            let mut tries = 0;
            let taken = tokio::select! {
                () = self.deliver(&webhook, &letters, &mut tries) => true,
                _ = stop.wait_for(|stop| *stop) => false,
            };
            if let (true, Some(Repeat::After(pause))) = (taken, repeat_of(&letters)) {
                self.repeat_later(&webhook, pause);
            }
            letters = self.settle(letters, taken, tries);
            if !taken {
                return;
            }
        }
    }

    /// Returns when the product has taken the webhook; only then may its contacts go on.
    async fn deliver(&self, webhook: &Webhook, letters: &[Letter], tries: &mut u32) {
        if repeat_of(letters) == Some(Repeat::Together) {
            tokio::join!(self.until_taken(webhook, tries), self.repeat(webhook));
        } else {
            self.until_taken(webhook, tries).await;
        }
    }

    async fn until_taken(&self, webhook: &Webhook, tries: &mut u32) {
        let mut back_off = BackOff::new();
        loop {
            *tries += 1;
            if self.post(webhook).await {
                return;
            }
            self.book.lock().record.retries += 1;
            tokio::time::sleep(back_off.pause()).await;
        }
    }

    fn repeat_later(self: &Arc<Self>, webhook: &Arc<Webhook>, pause: Duration) {
        self.book.lock().repeats_due += 1;
        let (this, webhook) = (Arc::clone(self), Arc::clone(webhook));
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            this.repeat(&webhook).await;
            this.book.lock().repeats_due -= 1;
        });
    }

    /// Sends it once more than needed, as providers do; counted when it was taken again.
    async fn repeat(&self, webhook: &Webhook) {
        if self.post(webhook).await {
            let record = &mut self.book.lock().record;
            record.repeated += webhook.messages;
            record.repeated_webhooks += 1;
        }
    }

    async fn post(&self, webhook: &Webhook) -> bool {
        let flight = Flight::begin(&self.book);
        let call = Call {
            method: Method::POST,
            path: &self.path,
            headers: &[(webhook::SIGNATURE_HEADER, &webhook.signature)],
            body: webhook.body.clone(),
        };
        let answer = self.client.call(call).await;
        drop(flight);
        let record = &mut self.book.lock().record;
        match answer {
            Ok(answer) => {
                *record.answers.entry(answer.status.as_u16()).or_default() += 1;
                answer.status.is_success()
            }
            Err(_) => {
                record.unanswered += 1;
                false
            }
        }
    }

    /// Notes what became of these letters; returns the next ones of their contacts.
    fn settle(&self, letters: Vec<Letter>, taken: bool, tries: u32) -> Vec<Letter> {
        let now = self.plan.origin.elapsed();
        let mut book = self.book.lock();
        book.record.batched += u64::from(letters.len() > 1);
        let mut next = Vec::new();
        for Letter { token, provider_id, text, .. } in letters {
            let MessageKey { contact, .. } = token.key;
            if taken {
                book.taken += 1;
                let took = now.saturating_sub(token.planned);
                book.record.taken_us.saturating_record(micros(took));
            }
            let sent = SentMessage { key: token.key, provider_id, text, taken, tries };
            book.record.messages.push(sent);
            next.extend(book.next_of(contact, taken));
        }
        next
    }

    fn webhook(&self, letters: &[Letter]) -> Webhook {
        let updates: Vec<TextUpdate> = letters.iter().map(|letter| self.update(letter)).collect();
        let body = webhook::texts(&updates);
        let signature = webhook::sign(&self.plan.app_secret, &body);
        Webhook { body, signature, messages: letters.len() as u64 }
    }

    fn update(&self, letter: &Letter) -> TextUpdate {
        let contact = letter.token.key.contact;
        let accounts = &self.plan.accounts;
        let account = accounts.get(contact as usize % accounts.len().max(1));
        TextUpdate {
            account: account.cloned().unwrap_or_default(),
            address: super::address(contact),
            name: format!("João {contact}"),
            provider_id: letter.provider_id.clone(),
            at: self.plan.clock.now(),
            text: letter.text.clone(),
        }
    }
}

/// One more request on its way, until dropped.
struct Flight<'a>(&'a Mutex<Book>);

impl<'a> Flight<'a> {
    fn begin(book: &'a Mutex<Book>) -> Self {
        book.lock().in_flight += 1;
        Self(book)
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.0.lock().in_flight -= 1;
    }
}

impl Book {
    /// What the contact writes next; nothing more when the message before it was given up.
    fn next_of(&mut self, contact: u32, taken: bool) -> Option<Letter> {
        let queue = self.busy.get_mut(&contact)?;
        if let Some(letter) = taken.then(|| queue.pop_front()).flatten() {
            return Some(letter);
        }
        self.record.unsent += queue.len() as u64;
        self.busy.remove(&contact);
        None
    }
}

impl Letter {
    /// What customers say: accents, an escaped slash and a character of two UTF-16 units.
    const PHRASES: [&str; 4] =
        ["Olá, tudo bem?", "não chegou o pedido 12/34", "obrigado 🙂", "\"ok\" \\o/ até já"];

    fn new(token: Token, repeat: Option<Repeat>) -> Self {
        let MessageKey { contact, number } = token.key;
        let phrase = Self::PHRASES.iter().cycle().nth((contact + number) as usize % 4);
        let text = format!("{token} {}", phrase.copied().unwrap_or_default());
        let provider_id = format!("wamid.LT{:X}x{contact:X}x{number:X}", token.run);
        Self { token, provider_id, text, repeat }
    }
}

fn repeat_of(letters: &[Letter]) -> Option<Repeat> {
    letters.iter().find_map(|letter| letter.repeat)
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
