//! The real binary under load from simulated customers and agents, as `drain` and `kill` use it.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::{Method, StatusCode};
use loadtest::agent::{AgentPlan, Habits};
use loadtest::auditor::{Archive, Audit, audit};
use loadtest::customer::Load;
use loadtest::http::{Call, HttpClient};
use loadtest::provider::whatsapp::webhook::{self, TextUpdate};
use loadtest::provider::whatsapp::{Simulator, SimulatorPlan};
use loadtest::scenario::{Observations, Running, SystemPlan};
use model::place::Place;
use model::service::Secret;
use model::time::{Clock, SteadyClock};
use storage::engine::{EngineConfig, Engines};

use crate::process::{Home, Server};

const AGENTS: u32 = 10;
const CAP: u8 = 8;
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";
pub const ACCOUNTS: [&str; 2] = ["300000000000001", "300000000000002"];
/// Known to the provider, and to no channel.
pub const SPARE: &str = "300000000000003";

/// A server with two operations, their provider, and the clock of the world around it.
pub struct World {
    pub home: Home,
    pub server: Option<Server>,
    pub provider: Simulator,
    pub clock: Arc<dyn Clock>,
}

impl World {
    pub async fn new() -> Self {
        let mut world = Self::unstarted().await;
        world.server = Some(tokio::task::block_in_place(|| world.home.start()));
        world
    }

    /// The same without its server.
    pub async fn unstarted() -> Self {
        let home = Home::new(
            "[installation]\nshards = 2\nlanes = 2\n[dispatch]\nrate_per_second = 2000\n\
             [bootstrap]\nsettings = \"settings.toml\"",
        );
        let clock: Arc<dyn Clock> = Arc::new(SteadyClock::start());
        let secret = || Secret::new(SECRET.to_owned());
        let accounts = ACCOUNTS.iter().chain([&SPARE]);
        let tokens = accounts.map(|account| ((*account).to_owned(), secret())).collect();
        let listen = "127.0.0.1:0".parse().unwrap();
        let plan = SimulatorPlan::new(listen, tokens);
        let provider = Simulator::start(plan, Arc::clone(&clock), None).await.unwrap();
        std::fs::write(home.path("settings.toml"), settings(&provider.url())).unwrap();
        Self { home, server: None, provider, clock }
    }

    /// Starts customers and agents.
    pub async fn run(&self, rate: f64, period: Duration) -> Running {
        let secret = || Secret::new(SECRET.to_owned());
        let agent = |n| AgentPlan { login: login(n), password: secret(), cap: CAP };
        let agents: Vec<_> = (1..=AGENTS).map(agent).collect();
        let contacts = 500;
        let conversations = SystemPlan::conversations(&agents, contacts);
        let plan = SystemPlan {
            ingest: self.home.ingest,
            desk: self.home.desk,
            endpoint: "main".to_owned(),
            app_secret: secret(),
            accounts: ACCOUNTS.map(str::to_owned).to_vec(),
            agents,
            habits: Habits::default(),
            load: Load::new(rate, period, contacts, conversations),
            provider: self.provider.clone(),
            come_in: Duration::from_secs(60),
            settle: Duration::from_secs(90),
            clock: Arc::clone(&self.clock),
        };
        Running::start(plan).await.unwrap()
    }

    /// A webhook of one text.
    pub fn text(&self, account: &str, address: &str, id: &str) -> Bytes {
        webhook::texts(&[TextUpdate {
            account: account.to_owned(),
            address: address.to_owned(),
            name: "Maria".to_owned(),
            provider_id: id.to_owned(),
            at: self.clock.now(),
            text: format!("text of {id}"),
        }])
    }

    /// Delivers a webhook, signed; the status, if there is an answer.
    pub fn deliver(&self, body: Bytes) -> impl Future<Output = Option<StatusCode>> + use<> {
        let client = HttpClient::new(self.home.ingest);
        async move {
            let signature = webhook::sign(&Secret::new(SECRET.to_owned()), &body);
            let headers = [(webhook::SIGNATURE_HEADER, signature.as_str())];
            let path = "/webhooks/main";
            let call = Call { method: Method::POST, path, headers: &headers, body };
            client.call(call).await.ok().map(|answer| answer.status)
        }
    }

    /// Waits until the provider was given the first message to this address: what came from there
    /// is handled then.
    pub async fn greeted(&self, address: &str) {
        let mut looks = tokio::time::interval(Duration::from_millis(10));
        let greeted = async {
            while !self.provider.record().sends.iter().any(|send| send.to == address) {
                looks.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), greeted).await.expect("a greeting");
    }

    /// SIGTERM, and a clean end.
    pub fn stop(&mut self) {
        let server = self.server();
        server.terminate();
        let status = tokio::task::block_in_place(|| server.wait());
        assert!(status.success(), "the server did not stop cleanly: {status}");
    }

    pub fn server(&mut self) -> Server {
        self.server.take().expect("the server runs")
    }

    /// Stops the server and compares what was seen with what history holds.
    pub async fn audit(mut self, observed: &Observations) -> Audit {
        self.stop();
        self.audit_stopped(observed).await
    }

    /// Compares what was seen with what history holds, once the server has stopped.
    pub async fn audit_stopped(&self, observed: &Observations) -> Audit {
        audit(observed, &self.archive("data").await)
    }

    /// What history holds in a data directory that no server has.
    pub async fn archive(&self, data: &str) -> Archive {
        let engines = self.engines(data);
        let archive = Archive::read(engines.history.as_ref()).await.unwrap();
        engines.close().unwrap();
        archive
    }

    /// The engines on a data directory that no server has.
    pub fn engines(&self, data: &str) -> Engines {
        let config = EngineConfig { data: self.home.path(data), ..EngineConfig::default() };
        let place = Place::new(2, 2).unwrap();
        storage::engine::open(&config, place, Arc::clone(&self.clock)).unwrap()
    }
}

fn login(number: u32) -> String {
    format!("agent{number}")
}

/// Two operations on two shards, a group, a channel and half of the agents each.
fn settings(provider: &str) -> String {
    let mut text = String::new();
    let mut add = |part: String| text.write_str(&part).unwrap();
    for (id, account) in (1_u32..).zip(ACCOUNTS) {
        let policy = ["circular", "least-count"][id as usize - 1];
        add(format!("[[operation]]\nid = {id}\nname = \"O{id}\"\nshard = {}\n", id - 1));
        add(format!(
            "[[group]]\nid = {id}\noperation = {id}\nname = \"G{id}\"\npolicy = \"{policy}\"\n"
        ));
        add(format!(
            "[[channel]]\nid = {id}\noperation = {id}\nendpoint = \"main\"\nname = \"C{id}\"\n\
             account = \"{account}\"\nprovider_url = \"{provider}\"\ntoken = \"{SECRET}\"\n\
             flow = [{{ say = \"One moment.\" }}, {{ route = {id} }}]\n"
        ));
    }
    for n in 1..=AGENTS {
        let operation = n % 2 + 1;
        add(format!(
            "[[user]]\nid = {n}\noperation = {operation}\nlogin = \"{}\"\nname = \"A{n}\"\n\
             kind = \"agent\"\ngroups = [{operation}]\ncap = {CAP}\npassword = \"{SECRET}\"\n",
            login(n)
        ));
    }
    add(format!(
        "[[endpoint]]\nname = \"main\"\nkind = \"whatsapp\"\n\
         verify_token = \"v\"\napp_secret = \"{SECRET}\"\n"
    ));
    text
}
