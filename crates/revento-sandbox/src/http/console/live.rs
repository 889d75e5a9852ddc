//! Server-sent events that tell open pages that something has changed.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use tokio::sync::watch;

use crate::http::extract::SharedRuntime;

/// Changes within this time are sent as one.
const DEBOUNCE: Duration = Duration::from_millis(80);

pub(super) async fn changes(
    State(runtime): SharedRuntime,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let watched = (runtime.changes.subscribe(), runtime.stopping.subscribe());
    let stream = futures_util::stream::unfold(watched, |(mut changes, mut stopping)| async move {
        let version = next(&mut changes, &mut stopping).await?;
        Some((
            Ok(Event::default().event("change").data(version.to_string())),
            (changes, stopping),
        ))
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(20)))
}

/// The next version of the state; `None` if the sandbox stops.
async fn next(changes: &mut watch::Receiver<u64>, stopping: &mut watch::Receiver<bool>) -> Option<u64> {
    tokio::select! {
        changed = changes.changed() => changed.ok()?,
        _ = stopping.wait_for(|stopping| *stopping) => return None,
    }
    tokio::time::sleep(DEBOUNCE).await;
    Some(*changes.borrow_and_update())
}
