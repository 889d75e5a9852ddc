//! Being told to stop.

use tokio::signal::unix::{SignalKind, signal};

/// Resolves at Ctrl-C, at SIGTERM and when the terminal is closed.
pub(crate) async fn requested() {
    let (terminate, hang_up) = (signal(SignalKind::terminate()), signal(SignalKind::hangup()));
    match (terminate, hang_up) {
        (Ok(mut terminate), Ok(mut hang_up)) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        },
        _ => drop(tokio::signal::ctrl_c().await),
    }
}
