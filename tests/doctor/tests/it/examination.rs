//! An examination of the integration by the doctor.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use revento_doctor::{CheckResult, Doctor, Outcome, Report, Settings};

use crate::integration::{ENCRYPTION_KEY, PROGRAM};

/// Examines the integration with these mistakes, by all checks.
pub(crate) async fn examine(mistakes: &str) -> Result<Report, String> {
    examine_as(mistakes, |_| ()).await
}

/// The same after a change of what the doctor is told.
pub(crate) async fn examine_as(mistakes: &str, change: impl FnOnce(&mut Settings)) -> Result<Report, String> {
    let data = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (port, replica_port) = (free_port(), free_port());
    let url = format!("http://localhost:{port}");
    let common = format!(
        "MISTAKES='{mistakes}' BASE_URL='{url}' DATA_DIR='{}' ENCRYPTION_KEY='{ENCRYPTION_KEY}'",
        data.path().display()
    );
    let mut settings = Settings::default();
    let page = |path: &str| format!("{url}{path}").parse().ok();
    settings.connect_url = page("/connect");
    settings.webhook_url = page("/webhooks");
    settings.read_url = Some(format!("{url}/participants?event_id={{event_id}}"));
    settings.handled_url = page("/handled");
    settings.login_url = Some(format!("{url}/login?event_id={{event_id}}"));
    settings.me_url = page("/me");
    settings.webview_url = page("/webview");
    settings.health_url = page("/healthz");
    settings.replicas = format!("http://localhost:{replica_port}")
        .parse()
        .into_iter()
        .collect();
    settings.scan = Some(data.path().display().to_string());
    // The shell's group has both replicas, so that the doctor kills both.
    settings.start = Some(format!(
        "{common} PORT={replica_port} '{PROGRAM}' & {common} PORT={port} exec '{PROGRAM}'"
    ));
    settings.patience = Duration::from_secs(8);
    settings.quiet = Duration::from_millis(300);
    change(&mut settings);
    let doctor = Doctor::new(settings).map_err(|error| error.to_string())?;
    doctor.run(&mut ()).await.map_err(|error| error.to_string())
}

/// A port that nobody listens on. It is below the range from which the system gives ports to outgoing connections, so that
/// nobody takes it meanwhile.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = u16::try_from(std::process::id() % 9_000).unwrap_or_default();
    loop {
        let port = 20_000 + (begin + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// What came out of a check, as a sentence.
pub(crate) fn what(result: &CheckResult) -> String {
    match &result.outcome {
        Outcome::Failed { expected, got } => format!("expected {expected}; got {got}"),
        Outcome::Untestable { reason } => format!("untestable: {reason}"),
        other => format!("{other:?}"),
    }
}
