//! Handles what is due until the deadline, `DEADLINE_MS` in Unix milliseconds, and writes what it did to standard output.

use std::io;

use anyhow::Context as _;
use revento::Timestamp;
use revento_example_lambda_style::{drain, open_inbox, setting};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(false)
        .init();
    let deadline = setting("DEADLINE_MS")?;
    let deadline: i64 = deadline
        .parse()
        .context("DEADLINE_MS has to be a time in Unix milliseconds")?;
    let deadline = Timestamp::from_unix_micros(deadline.saturating_mul(1000));
    let drained = drain(&open_inbox().await?, deadline).await?;
    let report = json!({
        "handled": drained.handled,
        "failed": drained.failed,
        "unfinished": drained.unfinished,
        "nextDue": drained.next_due.map(|due| due.to_string()),
    });
    serde_json::to_writer(io::stdout().lock(), &report)?;
    Ok(())
}
