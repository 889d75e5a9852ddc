//! What logs, spans and metrics show, and what they never show.

use std::{
    io,
    sync::{Arc, Mutex, Once},
};

use futures_util::TryStreamExt;
use revento_sandbox::Fault;
use tracing::instrument::WithSubscriber as _;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::live::Live;

/// Keeps every line.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Everything down to traces, spans included.
    pub(crate) fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + use<> {
        keep_callsites_enabled();
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(tracing_subscriber::fmt::format::FmtSpan::CLOSE)
            .with_ansi(false)
            .with_writer(self.clone())
            .finish()
    }
}

/// Tests run side by side, and a callsite that is reached first while no subscriber exists can stay disabled for one that
/// is created at the same moment. A global subscriber that discards everything prevents that.
pub(crate) fn keep_callsites_enabled() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
    });
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a29_no_log_shows_a_credential() {
    let live = Live::connected().await;
    let lines = Lines::default();
    let token = live.event().access_token().await.unwrap();
    let secret = live.sandbox.info().client_secret.clone();
    live.arm(&["server_error", "token_expired"]);
    let reading = async {
        live.first_person().await.unwrap();
        live.client
            .installations()
            .list()
            .stream()
            .try_next()
            .await
            .unwrap();
        live.event().get().await.unwrap();
    };
    reading.with_subscriber(lines.subscriber()).await;
    let fresh = live.event().access_token().await.unwrap();
    let text = lines.text();
    assert!(text.contains("revento.http"), "{text}");
    assert!(text.contains("oauth.grant_type=\"refresh_token\""), "{text}");
    assert_ne!(token.expose(), fresh.expose());
    for secret in [
        token.expose(),
        fresh.expose(),
        secret.as_str(),
        "rev_refresh_",
        "Bearer rev",
    ] {
        assert!(!text.contains(secret), "{secret} is in the log:\n{text}");
    }
}

#[tokio::test]
async fn spans_bear_opentelemetrys_names_and_tie_delivery_request_and_connection_together() {
    let live = Live::connected().await;
    let lines = Lines::default();
    live.arm(&["server_error"]);
    live.wire.take_reads();
    let event = live.event().because_of("dlv_7");
    async { event.participants().stream().try_next().await.unwrap() }
        .with_subscriber(lines.subscriber())
        .await;
    let text = lines.text();
    let requests = live.wire.take_reads();
    assert_eq!(requests.len(), 2);
    for (request, status) in requests.iter().zip(["500", "200"]) {
        let id = request.headers()["x-revento-request-id"].to_str().unwrap();
        let line = text
            .lines()
            .find(|line| line.contains(id) && line.contains("revento.http") && line.contains("close"));
        let line = line.unwrap_or_else(|| panic!("{id} in\n{text}"));
        for field in [
            "revento.delivery_id=dlv_7",
            "revento.connection=",
            "http.request.method=\"GET\"",
            "url.template=\"/events/{event_id}/participants\"",
            "server.address=\"127.0.0.1\"",
            "server.port=",
            &format!("http.response.status_code={status}"),
        ] {
            assert!(line.contains(field), "{field} in {line}");
        }
        let error_type = format!("error.type=\"{status}\"");
        assert_eq!(line.contains(&error_type), status == "500", "{line}");
    }
}

#[cfg(feature = "metrics")]
#[tokio::test]
async fn what_happens_is_counted() {
    use std::collections::BTreeMap;

    use metrics_util::debugging::{DebugValue, DebuggingRecorder};

    let live = Live::connected().await;
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    {
        let _here = metrics::set_default_local_recorder(&recorder);
        live.arm(&["server_error", "token_expired"]);
        for _ in 0..35 {
            live.first_person().await.unwrap();
        }
    }
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    let mut recorded: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let key = key.key();
        let labels: Vec<_> = key
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()))
            .collect();
        let name = format!("{} {}", key.name(), labels.join(" "));
        match value {
            DebugValue::Counter(count) => _ = counted.insert(name, count),
            DebugValue::Histogram(values) => {
                let values = values.into_iter().map(|value| value.into_inner()).collect();
                recorded.insert(name, values);
            }
            DebugValue::Gauge(_) => panic!("{name}"),
        }
    }
    let template = "url_template=/events/{event_id}/participants";
    assert_eq!(
        counted[&format!(
            "revento_requests_total {template} http_request_method=GET http_response_status_code=200"
        )],
        35
    );
    assert_eq!(
        counted[&format!(
            "revento_requests_total {template} http_request_method=GET http_response_status_code=500 error_type=500"
        )],
        1
    );
    assert_eq!(
        counted[&format!("revento_retries_total {template} reason=server_error")],
        1
    );
    assert_eq!(
        counted[&format!("revento_retries_total {template} reason=token_expired")],
        1
    );
    assert_eq!(counted["revento_refreshes_total outcome=issued"], 1);
    // The last calls waited for the end of the minute.
    let waits = &recorded["revento_pacing_wait_seconds "];
    assert!(waits.iter().any(|wait| *wait > 50.0), "{waits:?}");
    assert!(recorded["revento_budget_remaining limit=minute"].contains(&0.0));
    assert!(
        recorded["revento_token_expiry_seconds "]
            .iter()
            .all(|left| (0.0..=3600.0).contains(left))
    );
}

#[tokio::test]
async fn what_waits_says_why() {
    let live = Live::connected().await;
    let lines = Lines::default();
    live.sandbox
        .arm(
            Fault::named("rate_limited")
                .at("event")
                .with_seconds(std::time::Duration::from_secs(7)),
        )
        .unwrap();
    async { live.event().get().await.unwrap() }
        .with_subscriber(lines.subscriber())
        .await;
    let text = lines.text();
    assert!(
        text.contains("waiting for the budget") && text.contains("limited_by=\"retry_after\""),
        "{text}"
    );
}

#[tokio::test]
async fn the_span_of_a_failed_read_has_the_errors_kind() {
    let live = Live::with(|builder| builder.retry(revento_api::Retry::never())).await;
    let lines = Lines::default();
    live.arm(&["server_error"]);
    let error = async { live.first_person().await.unwrap_err() }
        .with_subscriber(lines.subscriber())
        .await;
    assert_eq!(error.endpoint(), Some("/events/{event_id}/participants"));
    let text = lines.text();
    let line = text
        .lines()
        .find(|line| line.contains("close") && !line.contains("revento.http"))
        .unwrap();
    assert!(
        line.contains("revento.read") && line.contains("error.type=\"platform\""),
        "{line}"
    );
}
