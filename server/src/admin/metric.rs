use std::sync::OnceLock;

use metrics::Gauge;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// What runs: always 1, its labels say.
const BUILD_INFO: &str = "chasqui_build_info";

/// Durable records of `events`, of all shards, that history does not have yet.
const HISTORY_LAG: &str = "chasqui_history_lag_records";

/// Buckets of every duration: 100 µs to 10 s.
const BUCKETS_SECONDS: [f64; 12] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 2.5, 10.0];

/// Installs the process's recorder, once; later calls give the same handle.
pub(super) fn install() -> PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(recorder).clone()
}

/// The gauge of history's lag.
pub(super) fn history_lag() -> Gauge {
    metrics::gauge!(HISTORY_LAG)
}

fn recorder() -> PrometheusHandle {
    let builder = PrometheusBuilder::new();
    let suffix = Matcher::Suffix("_seconds".to_owned());
    let builder = match builder.set_buckets_for_metric(suffix, &BUCKETS_SECONDS) {
        Ok(builder) => builder,
        Err(_) => PrometheusBuilder::new(),
    };
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("another metrics recorder is installed: /metrics stays empty");
    }
    let version = env!("CARGO_PKG_VERSION");
    metrics::gauge!(BUILD_INFO, "version" => version).set(1.0);
    metrics::describe_gauge!(HISTORY_LAG, "durable records that history does not have yet");
    handle
}
