//! A run that cannot begin says why.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use loadtest::agent::{AgentPlan, Habits};
use loadtest::customer::Load;
use loadtest::provider::whatsapp::{Simulator, SimulatorPlan};
use loadtest::scenario::{ScenarioError, SystemPlan, run};
use model::service::Secret;
use model::time::{Clock, SteadyClock};

const COME_IN: Duration = Duration::from_secs(30);

/// Where nobody listens.
fn nowhere() -> SocketAddr {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap()
}

async fn plan(agents: u8) -> SystemPlan {
    let clock: Arc<dyn Clock> = Arc::new(SteadyClock::start());
    let simulator = SimulatorPlan::new(([127, 0, 0, 1], 0).into(), BTreeMap::new());
    let secret = || Secret::new("secret".to_owned());
    let agent = |n| AgentPlan { login: format!("agent{n}"), password: secret(), cap: 2 };
    SystemPlan {
        ingest: nowhere(),
        desk: nowhere(),
        endpoint: "demo".to_owned(),
        app_secret: secret(),
        accounts: vec!["1".to_owned()],
        agents: (0..agents).map(agent).collect(),
        habits: Habits::default(),
        load: Load::new(10.0, Duration::from_secs(1), 10, 2),
        provider: Simulator::start(simulator, Arc::clone(&clock), None).await.unwrap(),
        come_in: COME_IN,
        settle: Duration::from_secs(1),
        clock,
    }
}

#[tokio::test(start_paused = true)]
async fn agents_that_do_not_come_in_end_the_run_before_it_begins() {
    let told = run(plan(3).await, |_| panic!("no progress without agents")).await;
    let absent = ScenarioError::AgentsAbsent { available: 0, wanted: 3, waited: COME_IN };
    assert_eq!(told.err(), Some(absent));
}

#[tokio::test]
async fn a_run_without_agents_is_refused() {
    assert_eq!(run(plan(0).await, |_| {}).await.err(), Some(ScenarioError::Empty));
}

#[test]
fn conversations_leave_seats_free_and_stay_within_the_contacts() {
    let agent = |cap| AgentPlan { login: String::new(), password: Secret::new(String::new()), cap };
    let agents = [agent(4), agent(6)];
    assert_eq!(SystemPlan::conversations(&agents, 100), 6);
    assert_eq!(SystemPlan::conversations(&agents, 3), 3);
    assert_eq!(SystemPlan::conversations(&[], 3), 1);
}
