//! Reads one request as JSON from standard input and writes the response as JSON to standard output.
#![allow(clippy::print_stderr, reason = "the log of a function is its standard error")]

use std::{env, error::Error, io, time::SystemTime};

use revento_example_lambda_style::handle;
use revento_webhooks::Verifier;

fn main() -> Result<(), Box<dyn Error>> {
    let verifier = Verifier::new(&env::var("REVENTO_WEBHOOK_SECRET")?)?;
    let request = serde_json::from_reader(io::stdin().lock())?;
    let now = SystemTime::UNIX_EPOCH.elapsed()?.as_secs();
    let response = handle(&verifier, &request, now.cast_signed());
    if let Some(reason) = &response.reason {
        eprintln!("{} {reason}", response.status_code);
    }
    serde_json::to_writer(io::stdout(), &response)?;
    Ok(())
}
