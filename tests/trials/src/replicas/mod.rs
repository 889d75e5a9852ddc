//! Two replicas of `examples/actix-service` on one PostgreSQL database, behind a proxy that gives each of them every second request.
//!
//! The sandbox is the platform. It counts how often a code or a refresh token comes, so a step holds only if the platform agrees.

mod balancer;
mod browser;
mod replica;
mod report;
mod story;
mod world;

use anyhow::{Result, bail};

pub(crate) use replica::{Options as ReplicaOptions, run as run_replica};

/// How to run them.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The URL of PostgreSQL, of a role that may create a schema
    #[arg(long)]
    postgres_url: String,
    /// Keep the use-once marks in each process: the trial has to fail
    #[arg(long, hide = true)]
    careless: bool,
}

/// Tells the story and prints what each replica did. Fails if a step did not hold.
pub(crate) fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(story::tell(options))?;
    println!("{report}");
    if !report.holds() {
        bail!("not every step held");
    }
    Ok(())
}
