//! Measures a sandbox: `cargo xtask bench sandbox`.
//!
//! It measures the start-up time; pages of participants and refreshes per second, compared with a bare axum handler that
//! serves the same bytes; and the memory of a hundred thousand participants and as many deliveries.

mod load;
mod memory;
mod peer;
mod report;
mod throughput;
mod world;

use std::path::Path;
use std::time::Instant;

use revento_sandbox::Sandbox;

use report::Report;

pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The number of rounds. The median counts.
const ROUNDS: usize = 5;

#[expect(clippy::disallowed_methods, reason = "this program measures")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [memory, seed] = arguments.as_slice()
        && memory == "memory"
    {
        return memory::measure(Path::new(seed)).await;
    }
    let directory = tempfile::tempdir()?;
    let mut report = Report {
        ready: median(ready(None).await?),
        ready_file: median(ready(Some(directory.path())).await?),
        ..Report::default()
    };
    throughput::measure(directory.path(), &mut report).await?;
    memory::in_a_process_of_its_own(directory.path(), &mut report).await?;
    report.print(arguments.iter().any(|argument| argument == "--json"));
    Ok(())
}

/// Milliseconds until a sandbox serves, in memory or with a new file each time.
async fn ready(directory: Option<&Path>) -> Outcome<Vec<f64>> {
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let mut builder = Sandbox::builder();
        if let Some(directory) = directory {
            builder = builder.data(directory.join(format!("ready-{round}.db")));
        }
        let start = now();
        let sandbox = builder.start().await?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        sandbox.shutdown().await;
    }
    Ok(times)
}
