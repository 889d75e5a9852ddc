//! The metrics of the SDK, for Prometheus.

use std::net::SocketAddr;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};

/// What the histograms of `docs/monitoring` need: with the exporter's defaults each process would have quantiles of its own.
const SECONDS: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0,
    3600.0,
];
const CALLS: &[f64] = &[0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0];

/// Serves `/metrics` at an address of its own, which the internet does not reach. Call it before the SDK's parts are built.
///
/// # Errors
/// The address is in use, or there is a recorder already.
pub fn serve_metrics(address: SocketAddr) -> Result<(), BuildError> {
    PrometheusBuilder::new()
        .with_http_listener(address)
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_remaining".to_owned()), CALLS)?
        .install()
}
