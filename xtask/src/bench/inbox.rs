//! Measures the inbox. All files are in one folder, so that one disk is measured.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::foreign;
use crate::engines::{self, Restartable, Sync};
use crate::process;
use crate::trials;
use crate::workspace::target_directory;

/// Options of `bench inbox`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Prints ratios as JSON instead of tables
    #[arg(long)]
    json: bool,
    /// Runs for seconds only, with the test build; the numbers mean little
    #[arg(long)]
    quick: bool,
    /// Measures no large tables, which takes half of the time
    #[arg(long)]
    without_growth: bool,
    /// The folder whose disk is measured; the build folder if none is given
    #[arg(long)]
    folder: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Result<()> {
    let mut command = Command::new(trials::build(options.quick)?);
    command.arg("inbox");
    let flags = [
        ("--json", options.json),
        ("--quick", options.quick),
        ("--without-growth", options.without_growth),
    ];
    command.args(flags.into_iter().filter_map(|(flag, on)| on.then_some(flag)));
    let parent = match &options.folder {
        Some(folder) => folder.clone(),
        None => target_directory()?,
    };
    let new_folder = |name: &str| {
        let folder = tempfile::Builder::new().prefix(name).tempdir_in(&parent);
        folder.with_context(|| format!("{} is not writable", parent.display()))
    };
    let files = new_folder("bench-inbox-")?;
    command.arg("--folder").arg(files.path());

    // Root starts the server as another user, who needs a way to the folder.
    let postgres = Restartable::postgres_in(new_folder("bench-postgres-")?, Sync::On);
    let server = postgres.and_then(|postgres| Ok((postgres.start()?, postgres)));
    match &server {
        Ok((_, postgres)) => {
            command.args(["--postgres-url", &postgres.url]);
        }
        Err(error) => println!("skipped: PostgreSQL ({error:#})"),
    }
    match engines::program("wrk", &["wrk"]) {
        Ok(wrk) => {
            command.arg("--wrk").arg(wrk);
            express(&mut command)?;
        }
        Err(error) => println!("skipped: everything over HTTP ({error:#})"),
    }
    process::run(&mut command)
}

fn express(command: &mut Command) -> Result<()> {
    let node = engines::program("node", &["nodejs"]).and_then(|node| {
        engines::program("npm", &["npm"])?;
        Ok(node)
    });
    match node {
        Ok(node) => {
            if let Some(folder) = foreign::with_npm("inbox-express", "Express with better-sqlite3")? {
                command.arg("--node").arg(node).arg("--express").arg(folder);
            }
        }
        Err(error) => println!("skipped: Express ({error:#})"),
    }
    Ok(())
}
