//! Handles what is due until the deadline, `DEADLINE_MS` in Unix milliseconds, and writes what it did to standard output.

use std::{env, io};

use revento::Timestamp;
use revento_example_lambda_style::{StartError, drain, open_inbox};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(false)
        .init();
    let deadline: i64 = env::var("DEADLINE_MS")?.parse()?;
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
