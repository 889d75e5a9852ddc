//! Measurements against peers: the tables of `docs/performance.md`.

mod client;
mod cost;
mod cpu;
mod endpoint;
mod sandbox;
mod session;
mod verify;

use anyhow::Result;

/// What to measure.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum What {
    /// One verification, against RustCrypto by hand, ring, aws-lc-rs, svix, standardwebhooks and the floor
    Verify(Options),
    /// Requests per second of the adapters, against bare axum, Express and Flask; needs wrk
    Endpoint(Options),
    /// Reading a page, against bare reqwest and bare hyper with serde_json; memory of a long stream
    Client(Options),
    /// Start-up, pages and tokens per second and memory of the sandbox, against a bare axum handler
    Sandbox(Options),
    /// A session's token, cached, contended and refreshed, and what is due of a million connections
    Session(Options),
    /// Crates, build time and size of a minimal verifier, against svix, standardwebhooks and by hand
    Cost(Options),
}

/// How to report.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Ratios as JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// Measures, and prints a table or ratios.
pub(crate) fn run(what: &What) -> Result<()> {
    match what {
        What::Verify(options) => verify::run(options.json),
        What::Endpoint(options) => endpoint::run(options.json),
        What::Sandbox(options) => sandbox::run(options.json),
        What::Session(options) => session::run(options.json),
        What::Client(options) => client::run(options.json),
        What::Cost(options) => cost::run(options.json),
    }
}
