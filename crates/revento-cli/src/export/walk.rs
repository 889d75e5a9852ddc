//! Page after page.

use anyhow::Result;
use revento::{Client, Error, types::ApiErrorCode};

use super::{checkpoint::Output, progress::Progress};

/// How an export has ended.
pub(crate) enum Ending {
    Complete,
    Stopped,
}

/// Reads the pages that are missing. May be dropped at any time: what is in the output counts.
pub(crate) async fn walk(
    client: &Client,
    output: &mut Output,
    page_size: u16,
    progress: &mut Progress,
) -> Result<Ending> {
    let mut pages = client
        .event(output.event())
        .participants()
        .per_page(page_size)
        .pages();
    let begun = output.state().cursor.clone();
    if let Some(cursor) = &begun {
        pages = pages.resume(cursor.clone());
    }
    loop {
        progress.asks();
        let page = pages
            .next_page()
            .await
            .map_err(|error| explain(error, begun.is_some()))?;
        let Some(people) = page else {
            return Ok(Ending::Complete);
        };
        let lines = output.format().lines(&people)?;
        let count = people.len() as u64;
        let budget = progress.answered();
        output.add(&lines, count, pages.cursor(), budget)?;
        progress.show(output.state());
    }
}

/// The error, with what to do about the export.
fn explain(error: Error, going_on: bool) -> anyhow::Error {
    let stale = matches!(&error, Error::Refused { code, .. } if *code == ApiErrorCode::InvalidRequest);
    let next = if going_on && stale {
        "the platform does not know the place any more at which the export was stopped; begin anew with --restart"
    } else if error.is_connection_ended() {
        "the export has ended with its connection; connect the event again, and the same command goes on"
    } else {
        "the export was stopped; the same command goes on from where it is"
    };
    anyhow::Error::new(error).context(next)
}
