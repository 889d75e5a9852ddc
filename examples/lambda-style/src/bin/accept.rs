//! Reads the event of a gateway from standard input, and writes the answer to standard output.

use std::io;

use anyhow::Context as _;
use revento_example_lambda_style::{accept, endpoint, open_inbox};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(false)
        .init();
    let endpoint = endpoint(open_inbox().await?)?;
    let event = serde_json::from_reader(io::stdin().lock())
        .context("standard input has no event of a gateway in JSON")?;
    serde_json::to_writer(io::stdout().lock(), &accept(&endpoint, event).await)?;
    Ok(())
}
