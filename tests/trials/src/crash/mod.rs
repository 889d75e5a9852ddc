//! Real processes over one store, killed at random and at every named crash point.
//!
//! A supervisor starts the sandbox, a judge in front of it, and workers: processes that use the SDK as a
//! service would. Time is moved on so that all access tokens end at once; then the workers refresh, race
//! and die. The judge sees every request, knows which process each pair of tokens went to, and looks into
//! the store before it lets a request pass.

#[expect(
    clippy::indexing_slicing,
    reason = "the nodes are numbered, and a panic ends the trial only"
)]
#[path = "../../../../crates/revento-store-nats/tests/it/cluster.rs"]
mod cluster;
mod connect;
mod database;
mod doom;
mod judge;
mod point;
mod supervisor;
mod verdict;
mod wall_clock;
mod worker;

use std::path::PathBuf;

use anyhow::{Result, bail};

use database::Engine;

pub(crate) use worker::Options as WorkerOptions;
pub(crate) use worker::run as work;

/// How to crash.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many processes to kill, for each engine
    #[arg(long, default_value_t = 300)]
    kills: u32,
    /// The seed of the random choices; the timing of the processes is not reproducible
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Use a store that grants every claim: the trial has to fail
    #[arg(long, hide = true)]
    careless: bool,
    /// Prints a line of JSON for each engine instead of a table
    #[arg(long)]
    json: bool,
    /// Leaves SQLite out
    #[arg(long)]
    without_sqlite: bool,
    /// The URL of PostgreSQL; without it the trial leaves PostgreSQL out
    #[arg(long, requires = "postgres_command")]
    postgres_url: Option<String>,
    /// The command that starts PostgreSQL, as a JSON array. The trial kills and restarts it
    #[arg(long, requires = "postgres_url")]
    postgres_command: Option<String>,
    /// The URL of MariaDB or MySQL; without it the trial leaves it out
    #[arg(long, requires = "mysql_command")]
    mysql_url: Option<String>,
    /// The command that starts it, as a JSON array. The trial kills and restarts it
    #[arg(long, requires = "mysql_url")]
    mysql_command: Option<String>,
    /// The path of `nats-server`; without it the trial leaves NATS out
    #[arg(long)]
    nats_server: Option<PathBuf>,
}

/// Runs all engines, one after the other. Fails when a token was sent twice or a connection was lost.
pub(crate) fn run(options: Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut engines = Vec::new();
    if !options.without_sqlite {
        engines.push(Engine::sqlite()?);
    }
    match (&options.postgres_url, &options.postgres_command) {
        (Some(url), Some(command)) => {
            engines.push(Engine::server("PostgreSQL, killed on the way", url, command)?);
        }
        _ => println!("PostgreSQL skipped: no server was given"),
    }
    match (&options.mysql_url, &options.mysql_command) {
        (Some(url), Some(command)) => {
            engines.push(Engine::server("MariaDB, killed on the way", url, command)?);
        }
        _ => println!("MariaDB skipped: no server was given"),
    }
    match &options.nats_server {
        Some(program) => engines.push(Engine::nats(program)?),
        None => println!("NATS skipped: no server was given"),
    }
    let mut failed = Vec::new();
    for engine in engines {
        let name = engine.name();
        let verdict = runtime.block_on(supervisor::run(engine, &options))?;
        if options.json {
            println!("{}", verdict.json());
        } else {
            println!("── {name} ──\n{verdict}");
        }
        if !verdict.is_good() {
            failed.push(name);
        }
    }
    if !failed.is_empty() {
        bail!("not on {}", failed.join(", "));
    }
    Ok(())
}

/// The settings of a worker, passed on its command line.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Site {
    auth_base: String,
    api_base: String,
    client_id: String,
    client_secret: String,
    /// The URL of the store.
    store: String,
    /// The file with the offset of the clock.
    clock: PathBuf,
    careless: bool,
    /// The connections: event and user.
    connections: Vec<(String, Option<String>)>,
}
