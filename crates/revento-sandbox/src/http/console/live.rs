//! Server-sent events that tell open pages that something has changed.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use tokio::sync::watch;

use crate::http::extract::SharedRuntime;
use crate::platform::oauth::params::Params;

/// Changes within this time are sent as one.
const DEBOUNCE: Duration = Duration::from_millis(80);

/// The events since the version that a page shows. What changed between the making of the page and this request is an event,
/// too.
pub(super) async fn changes(
    State(runtime): SharedRuntime,
    RawQuery(query): RawQuery,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let params = Params::parse(query.unwrap_or_default().as_bytes());
    let mut changes = runtime.changes.subscribe();
    if params.get("since") != Some(changes.borrow().to_string().as_str()) {
        changes.mark_changed();
    }
    let watched = (changes, runtime.stopping.subscribe());
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
