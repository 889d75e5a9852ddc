//! Reads the pages and writes them to the file.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use anyhow::Result;
use revento::{
    Client, Error,
    api::{OnBadItem, SessionError},
    types::ApiErrorCode,
};

use super::{export_file::ExportFile, progress::Progress};
use crate::terminal;

/// Exports the pages that are missing. The caller may drop the future at any time: the file keeps the pages so far.
pub(crate) async fn export_pages(
    client: &Client,
    file: &mut ExportFile,
    page_size: u16,
    progress: &mut Progress,
) -> Result<()> {
    let left_out = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&left_out);
    let mut pages = client
        .event(file.event())
        .participants()
        .per_page(page_size)
        .on_bad_item(move |bad| {
            counter.fetch_add(1, Ordering::Relaxed);
            terminal::print_warning(&format!("a participant is left out: {bad}"));
            OnBadItem::Skip
        })
        .pages();
    let resumed_at = file.checkpoint().cursor.clone();
    if let Some(cursor) = &resumed_at {
        pages = pages.resume(cursor.clone());
    }
    loop {
        progress.page_requested();
        let page = pages
            .next_page()
            .await
            .map_err(|error| explain(error, resumed_at.is_some()))?;
        let Some(people) = page else {
            return Ok(());
        };
        let lines = file.lines(&people)?;
        let count = people.len() as u64;
        let budget = progress.page_received();
        let left_out = left_out.swap(0, Ordering::Relaxed);
        file.add_page(&lines, count, left_out, pages.cursor(), budget)?;
        progress.show(file.checkpoint());
    }
}

/// Adds what to do about the export.
fn explain(error: Error, resumed: bool) -> anyhow::Error {
    let stale = matches!(&error, Error::Refused { code, .. } if *code == ApiErrorCode::InvalidRequest);
    let next = if resumed && stale {
        "the platform no longer knows the cursor of the interrupted export; start again with --restart"
    } else if matches!(&error, Error::Session(SessionError::NotConnected)) {
        "the event is not connected; connect it, then run the same command again"
    } else if error.is_connection_ended() {
        "the connection has ended; connect the event again, then run the same command to continue the export"
    } else {
        "the export has stopped; run the same command again to continue"
    };
    anyhow::Error::new(error).context(next)
}
