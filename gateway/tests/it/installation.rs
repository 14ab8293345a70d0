//! A small installation on the memory engine: two endpoints, three WhatsApp accounts.

use std::sync::Arc;
use std::time::Duration;

use gateway::Ports;
use gateway::follow::SettingsFollower;
use gateway::secret::{ChannelSecret, EndpointSecrets, put_channel, put_endpoint};
use model::desk::{Body, Entity, Envelope, Settings, Stamped, wire};
use model::id::{ChannelId, EndpointName, GroupId, OperationId, ShardId};
use model::people::{Group, GroupRules, NewcomerScore, Operation, Policy};
use model::place::Place;
use model::service::{Channel, ChannelKind, Endpoint, Flow, Secret, Step};
use model::time::{Clock, SteadyClock};
use storage::engine::{EngineConfig, EngineKind, Engines, open};
use storage::port::{Bell, Log, NewRecord, Partition, Topic};

/// The longest any test waits for something that must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The app secret of endpoint `starter`.
pub(crate) const APP_SECRET: &str = "app_secret";
/// The app secret it had before.
pub(crate) const PREVIOUS_SECRET: &str = "previous_secret";
/// The app secret of endpoint `other`.
pub(crate) const OTHER_SECRET: &str = "other_secret";

/// Everything a gateway needs.
pub(crate) struct Installation {
    pub(crate) ports: Ports,
    pub(crate) settings: Arc<SettingsFollower>,
    _engines: Engines,
}

/// Channels 1 (account 111) and 2 (account 222) at `starter`, 3 (account 333) at `other`; all of
/// operation 1, which lives on shard 1 of 2 × 2.
pub(crate) fn installation(provider_url: &str) -> Installation {
    let place = Place::new(2, 2).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SteadyClock::start());
    let config = EngineConfig { engine: EngineKind::Memory, ..EngineConfig::default() };
    let engines = open(&config, place, Arc::clone(&clock)).unwrap();
    let ports = Ports {
        log: Arc::clone(&engines.log),
        history: Arc::clone(&engines.history),
        directory: Arc::clone(&engines.directory),
        clock,
        place,
    };
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(secrets(&ports));
    let settings = SettingsFollower::fixed(settings(provider_url));
    Installation { ports, settings, _engines: engines }
}

/// The settings of the installation.
pub(crate) fn settings(provider_url: &str) -> Settings {
    let mut settings = Settings::default();
    for entity in entities(provider_url) {
        settings.apply(entity).unwrap();
    }
    settings
}

/// The entities, in an order in which each names only earlier ones.
pub(crate) fn entities(provider_url: &str) -> Vec<Entity> {
    let channel = |id: u32, account: &str, endpoint: &str| {
        Entity::Channel(Channel {
            id: ChannelId(id),
            version: 1,
            operation: OperationId(1),
            kind: ChannelKind::Whatsapp,
            name: format!("line {id}"),
            account: account.to_owned(),
            endpoint: endpoint.parse().unwrap(),
            provider_url: provider_url.to_owned(),
            flow: Flow { steps: vec![Step::Route(GroupId(1))] },
        })
    };
    let endpoint = |name: &str| {
        let name = name.parse().unwrap();
        Entity::Endpoint(Endpoint { name, version: 1, kind: ChannelKind::Whatsapp })
    };
    vec![
        Entity::Operation(Operation {
            id: OperationId(1),
            version: 1,
            name: "store".to_owned(),
            shard: ShardId::new(1).unwrap(),
            zone: "America/Lima".to_owned(),
        }),
        Entity::Group(Group {
            id: GroupId(1),
            version: 1,
            operation: OperationId(1),
            name: "sales".to_owned(),
            active: true,
            policy: Policy::Circular,
            newcomer: NewcomerScore::GroupMinimum,
            head_start: Duration::ZERO,
            rules: GroupRules::default(),
        }),
        endpoint("starter"),
        endpoint("other"),
        channel(1, "111", "starter"),
        channel(2, "222", "starter"),
        channel(3, "333", "other"),
    ]
}

async fn secrets(ports: &Ports) {
    let secret = |text: &str| Secret::new(text.to_owned());
    let endpoint = |app_secrets: &[&str]| EndpointSecrets {
        verify_token: secret("verify me"),
        app_secrets: app_secrets.iter().map(|s| secret(s)).collect(),
    };
    let of_starter = endpoint(&[APP_SECRET, PREVIOUS_SECRET]);
    let directory = &*ports.directory;
    put_endpoint(directory, &name("starter"), &of_starter).await.unwrap();
    put_endpoint(directory, &name("other"), &endpoint(&[OTHER_SECRET])).await.unwrap();
    for id in 1..=3 {
        let token = ChannelSecret { token: secret(&format!("token {id}")) };
        put_channel(directory, ChannelId(id), &token).await.unwrap();
    }
}

/// An endpoint's name.
pub(crate) fn name(text: &str) -> EndpointName {
    text.parse().unwrap()
}

/// Appends `body` to `partition`, durably; inside a runtime too.
pub(crate) fn append(ports: &Ports, partition: Partition, envelope: Envelope, body: Body) -> u64 {
    let bytes = wire::encode(&Stamped { envelope, body });
    let appending = ports.log.append(vec![NewRecord { partition, bytes }]);
    std::thread::spawn(|| appending.wait()).join().unwrap().unwrap()[0]
}

/// Every record of a topic, partition by partition.
pub(crate) fn bodies(ports: &Ports, topic: Topic) -> Vec<(Partition, Body)> {
    let mut found = Vec::new();
    for index in 0..topic.partitions(ports.place) {
        let partition = Partition::new(topic, index);
        let mut read = Vec::new();
        ports.log.read(partition, 0, usize::MAX, &mut read).unwrap();
        let decoded = read.iter().map(|logged| wire::decode(&logged.bytes).unwrap().body);
        found.extend(decoded.map(|body| (partition, body)));
    }
    found
}

/// Waits until `topic` holds `count` records, and answers them.
pub(crate) fn wait_for(ports: &Ports, topic: Topic, count: usize) -> Vec<(Partition, Body)> {
    let bell = Bell::new();
    for index in 0..topic.partitions(ports.place) {
        ports.log.watch(Partition::new(topic, index), &bell);
    }
    let deadline = ports.clock.now() + PATIENCE;
    loop {
        let found = bodies(ports, topic);
        if found.len() >= count {
            return found;
        }
        assert!(ports.clock.now() < deadline, "{} of {count} records came", found.len());
        bell.wait(Duration::from_millis(100));
    }
}

/// The log of `ports`, replaced.
pub(crate) fn with_log(ports: &Ports, log: Arc<dyn Log>) -> Ports {
    Ports { log, ..ports.clone() }
}
