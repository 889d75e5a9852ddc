//! Tells open pages that something changed, by server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use tokio::sync::watch;

use crate::http::Shared;

/// Changes that come close together are told once.
const BREATH: Duration = Duration::from_millis(80);

pub(super) async fn changes(State(hub): Shared) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let watched = (hub.changes.subscribe(), hub.stopping.subscribe());
    let stream = futures_util::stream::unfold(watched, |(mut changes, mut stopping)| async move {
        let version = next(&mut changes, &mut stopping).await?;
        Some((
            Ok(Event::default().event("change").data(version.to_string())),
            (changes, stopping),
        ))
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(20)))
}

/// The next version of the state; `None` when the sandbox stops.
async fn next(changes: &mut watch::Receiver<u64>, stopping: &mut watch::Receiver<bool>) -> Option<u64> {
    tokio::select! {
        changed = changes.changed() => changed.ok()?,
        _ = stopping.wait_for(|stopping| *stopping) => return None,
    }
    tokio::time::sleep(BREATH).await;
    Some(*changes.borrow_and_update())
}
