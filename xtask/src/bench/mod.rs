//! Measures against other libraries: the tables of `docs/performance.md`.

mod client;
mod cold;
mod cost;
mod cpu;
mod endpoint;
mod foreign;
mod inbox;
mod mirror;
mod sandbox;
mod session;
mod verify;

use anyhow::Result;

/// The measurements.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum What {
    /// Measures one verification against RustCrypto by hand, ring, aws-lc-rs, svix, standardwebhooks and the floor
    Verify(Options),
    /// Measures requests per second of the adapters against bare axum, Express and Flask; needs wrk
    Endpoint(Options),
    /// Measures the read of a page against bare reqwest and bare hyper with serde_json, and the memory of a long stream
    Client(Options),
    /// Measures start, pages and tokens per second and memory of the sandbox against a bare axum handler
    Sandbox(Options),
    /// Measures a session's token (cached, contended, refreshed), and the search for due ones among a million connections
    Session(Options),
    /// Measures the inbox against the disk, SQLite and PostgreSQL by hand, and Express with better-sqlite3; needs wrk
    Inbox(inbox::Options),
    /// Measures the mirror: the full read against one without a mirror, and webhooks against an inbox whose handlers do nothing
    Mirror(mirror::Options),
    /// Measures crates, build time and size of a minimal verifier against svix, standardwebhooks and one by hand
    Cost(Options),
    /// Measures the cold build of the README's first command against a hello of axum, sqlx and reqwest
    Cold(cold::Options),
}

/// Options of a measurement.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Prints ratios as JSON instead of a table
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
        What::Inbox(options) => inbox::run(options),
        What::Mirror(options) => mirror::run(options),
        What::Client(options) => client::run(options.json),
        What::Cost(options) => cost::run(options.json),
        What::Cold(options) => cold::run(options),
    }
}
