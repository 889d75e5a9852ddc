//! Reads the event of a gateway from standard input, and writes the answer to standard output.

use std::io;

use revento_example_lambda_style::{StartError, accept, endpoint, open_inbox};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(false)
        .init();
    let endpoint = endpoint(open_inbox().await?)?;
    let event = serde_json::from_reader(io::stdin().lock())?;
    serde_json::to_writer(io::stdout().lock(), &accept(&endpoint, event).await)?;
    Ok(())
}
