use std::sync::Arc;

use model::limit;
use model::time::Timestamp;

use crate::assign::{Assign, Findings, Patrol};
use crate::metric::PatrolMeter;

/// Checks the routing core of a tenure for as long as it lasts, beside its lanes and without
/// them. It counts and reports; it repairs nothing.
pub(crate) struct Auditor {
    core: Arc<dyn Assign>,
    patrol: Patrol,
    last: Timestamp,
    meter: PatrolMeter,
}

impl Auditor {
    pub(crate) fn new(core: Arc<dyn Assign>, now: Timestamp) -> Self {
        Self { core, patrol: Patrol::default(), last: now, meter: PatrolMeter::new() }
    }

    /// Takes the next look, if [`limit::PATROL_WAIT`] has passed since the last.
    pub(crate) fn turn(&mut self, now: Timestamp) {
        if now.since(self.last) < limit::PATROL_WAIT {
            return;
        }
        self.last = now;
        let found = self.core.patrol(&mut self.patrol);
        self.meter.found(&found);
        if found != (Findings { places: found.places, ..Findings::default() }) {
            tracing::error!(?found, "the routing core is not sound");
        }
    }
}

#[cfg(test)]
#[cfg(not(chasqui_loom))]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use metrics::{
        Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    };
    use model::id::UserId;
    use parking_lot::Mutex;

    use super::*;
    use crate::assign::LockFree;

    /// Keeps every counter by its name and labels.
    #[derive(Default)]
    struct Counted(Arc<Mutex<BTreeMap<String, u64>>>);

    struct Line(Key, Arc<Mutex<BTreeMap<String, u64>>>);

    impl CounterFn for Line {
        fn increment(&self, by: u64) {
            *self.1.lock().entry(name(&self.0)).or_default() += by;
        }

        fn absolute(&self, to: u64) {
            self.1.lock().insert(name(&self.0), to);
        }
    }

    impl Recorder for Counted {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            Counter::from_arc(Arc::new(Line(key.clone(), self.0.clone())))
        }

        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }

        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    fn name(key: &Key) -> String {
        let labels = key.labels().map(|label| format!(" {}", label.value()));
        std::iter::once(key.name().to_owned()).chain(labels).collect()
    }

    #[test]
    fn a_spoiled_index_is_counted_in_the_metrics_once() {
        let (counted, core) = (Counted::default(), Arc::new(LockFree::sample()));
        core.hide(UserId(2));
        let mut auditor = metrics::with_local_recorder(&counted, || {
            Auditor::new(core.clone(), Timestamp::from_seconds(0))
        });
        let of = |name: &str| counted.0.lock().get(name).copied().unwrap_or(0);
        let hidden = "chasqui_patrol_findings_total hidden-agent";
        for tenths in 1..=29 {
            auditor.turn(Timestamp::from_seconds(0) + Duration::from_millis(100 * tenths));
        }
        let round = u64::from(2 + 3 * LockFree::SAMPLE_AGENTS);
        assert_eq!((of("chasqui_patrol_places_total"), of(hidden)), (2 * round, 0), "two looks");
        for second in 3..9 {
            auditor.turn(Timestamp::from_seconds(second));
        }
        assert_eq!(of(hidden), 1, "once");
        assert_eq!(of("chasqui_patrol_findings_total idle-while-waiting"), 0);
        assert_eq!(of("chasqui_patrol_findings_total over-cap"), 0);
    }
}
