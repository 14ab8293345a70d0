use std::collections::BTreeMap;

use parking_lot::RwLock;
use serde::Serialize;

/// Where the process is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Listeners are bound, nothing is served yet.
    #[default]
    Starting,
    /// In service.
    Serving,
    /// Told to stop: no new work, please.
    Draining,
}

/// Whether this process should be sent work. Own rooms only: a shared store that is down would
/// take every node out at once.
#[derive(Default)]
pub struct Health {
    phase: RwLock<Phase>,
    checks: RwLock<Vec<Check>>,
    lag: RwLock<Option<Lag>>,
}

/// Durable records that history does not have yet, as long as somebody knows.
type Lag = Box<dyn Fn() -> Option<u64> + Send + Sync>;

struct Check {
    name: &'static str,
    passes: Box<dyn Fn() -> bool + Send + Sync>,
}

/// The answer of `/readyz`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether every check passes and the process is in service.
    pub ready: bool,
    /// Where the process is in its life.
    pub phase: Phase,
    /// Each check by name.
    pub checks: BTreeMap<&'static str, bool>,
}

impl Health {
    /// Enters a phase.
    pub fn enter(&self, phase: Phase) {
        *self.phase.write() = phase;
    }

    /// Adds a check; it is asked at every report and must not block.
    pub fn add(&self, name: &'static str, passes: impl Fn() -> bool + Send + Sync + 'static) {
        self.checks.write().push(Check { name, passes: Box::new(passes) });
    }

    /// Says where history's lag is asked for; it must not block.
    pub fn measure_lag(&self, lag: impl Fn() -> Option<u64> + Send + Sync + 'static) {
        *self.lag.write() = Some(Box::new(lag));
    }

    /// Durable records that history does not have yet.
    pub fn lag(&self) -> Option<u64> {
        self.lag.read().as_ref()?()
    }

    /// How things stand.
    pub fn report(&self) -> Report {
        let phase = *self.phase.read();
        let checks: BTreeMap<_, _> =
            self.checks.read().iter().map(|check| (check.name, (check.passes)())).collect();
        let ready = phase == Phase::Serving && checks.values().all(|passes| *passes);
        Report { ready, phase, checks }
    }
}

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.report().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_ready_in_service_with_every_check_passed() {
        let health = Health::default();
        health.add("log", || true);
        assert!(!health.report().ready);
        health.enter(Phase::Serving);
        assert!(health.report().ready);
        health.add("shards", || false);
        assert!(!health.report().ready);
        assert_eq!(health.report().checks, BTreeMap::from([("log", true), ("shards", false)]));
    }

    #[test]
    fn a_draining_process_is_not_ready() {
        let health = Health::default();
        health.enter(Phase::Serving);
        health.enter(Phase::Draining);
        let shown = serde_json::to_string(&health.report()).unwrap();
        assert_eq!(shown, r#"{"ready":false,"phase":"draining","checks":{}}"#);
    }
}
