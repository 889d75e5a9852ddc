//! Measures how long a newcomer waits for the quickstart: a build of the command `revento` with nothing built before.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::cpu;
use crate::clock::{Stopwatch, human};
use crate::process;
use crate::workspace::{cargo, root, target_directory};

/// Options of `bench cold`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Prints the ratios to the peer as JSON instead of tables
    #[arg(long)]
    json: bool,
    /// How often each program is built; the median counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Builds the quickstart only
    #[arg(long, conflicts_with = "json")]
    without_peer: bool,
}

/// The build of the README's first command, without the run.
const QUICKSTART: [&str; 4] = ["build", "--release", "--bin", "revento"];
/// The peer's name in the ratios.
const PEER: &str = "axum-sqlx-reqwest";
/// How many crates the table of the slowest has.
const SLOWEST: usize = 25;

/// What a service has at least that does the same kind of work: a route, a query and a request.
const PEER_DEPENDENCIES: &str = r#"
axum = "0.8"
reqwest = "0.13"
sqlx = { version = "0.9", features = ["runtime-tokio", "sqlite"] }
tokio = { version = "1", features = ["full"] }
"#;

const PEER_MAIN: &str = r#"
use axum::{Router, extract::State, routing::get};
use sqlx::SqlitePool;

async fn hello(State(pool): State<SqlitePool>) -> String {
    let one: i64 = sqlx::query_scalar("SELECT 1").fetch_one(&pool).await.unwrap();
    let status = reqwest::get("http://127.0.0.1:4010/").await.map(|answer| answer.status());
    format!("{one} {status:?}")
}

#[tokio::main]
async fn main() {
    let pool = SqlitePool::connect("sqlite::memory:").await.unwrap();
    let app = Router::new().route("/", get(hello)).with_state(pool);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
"#;

pub(super) fn run(options: &Options) -> Result<()> {
    let home = target_directory()?.join("bench-cold");
    let ours = measure(&root()?, &QUICKSTART, &home.join("quickstart"), options.runs)?;
    if options.without_peer {
        ours.print("quickstart");
        ours.print_slowest();
        return Ok(());
    }
    let peer = peer(&home.join("peer"))?;
    let peer = measure(
        &peer,
        &["build", "--release"],
        &home.join("peer-target"),
        options.runs,
    )?;
    if options.json {
        println!("{}", ratios(&ours, &peer));
        return Ok(());
    }
    ours.print("quickstart");
    peer.print(PEER);
    ours.print_slowest();
    Ok(())
}

fn ratios(ours: &Build, peer: &Build) -> serde_json::Value {
    let ratio = |ours: f64, peer: f64| (ours / peer * 1000.0).round() / 1000.0;
    serde_json::json!({
        format!("cold.quickstart.{PEER}"): ratio(ours.wall.as_secs_f64(), peer.wall.as_secs_f64()),
        format!("cold.cpu.{PEER}"): ratio(ours.cpu, peer.cpu),
        format!("cold.crates.{PEER}"): ratio(ours.crates as f64, peer.crates as f64),
    })
}

/// Writes the peer, with the versions that this workspace has, and downloads its sources.
fn peer(home: &Path) -> Result<PathBuf> {
    fs::create_dir_all(home.join("src")).context("the build folder is not writable")?;
    let manifest = format!(
        "[workspace]\n[package]\nname = \"peer\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]{PEER_DEPENDENCIES}"
    );
    fs::write(home.join("Cargo.toml"), manifest)?;
    fs::write(home.join("src/main.rs"), PEER_MAIN)?;
    fs::copy(root()?.join("Cargo.lock"), home.join("Cargo.lock"))?;
    process::run(cargo(&["fetch", "--quiet"])?.current_dir(home))?;
    Ok(home.to_owned())
}

/// A cold build.
struct Build {
    /// The median of all runs, and with it the other numbers.
    wall: Duration,
    /// Seconds, which a busy machine changes little.
    cpu: f64,
    crates: usize,
    /// Seconds and names of the slowest units.
    slowest: Vec<(f64, String)>,
}

fn measure(folder: &Path, arguments: &[&str], target: &Path, runs: u32) -> Result<Build> {
    process::run(cargo(&["fetch", "--quiet"])?.current_dir(folder))?;
    let mut builds = Vec::new();
    for run in 1..=runs {
        let build = build(folder, arguments, target)?;
        progress(run, runs, &build);
        builds.push(build);
    }
    builds.sort_by_key(|build| build.wall);
    let middle = builds.len() / 2;
    builds.into_iter().nth(middle).context("no run was asked for")
}

#[expect(clippy::print_stderr, reason = "stdout may be JSON")]
fn progress(run: u32, runs: u32, build: &Build) {
    eprintln!(
        "run {run} of {runs}: {}, {:.0} s of CPU time",
        human(build.wall),
        build.cpu
    );
}

fn build(folder: &Path, arguments: &[&str], target: &Path) -> Result<Build> {
    if target.exists() {
        fs::remove_dir_all(target)?;
    }
    let mut command = cargo(arguments)?;
    command
        .current_dir(folder)
        .args(["--quiet", "--offline", "--timings", "--message-format", "json"])
        .env("CARGO_TARGET_DIR", target);
    let (watch, before) = (Stopwatch::start(), cpu::of_ended_children()?);
    let messages = process::stdout(&mut command)?;
    let (wall, cpu) = (watch.elapsed(), cpu::of_ended_children()? - before);
    Ok(Build {
        wall,
        cpu,
        crates: crates(&messages),
        slowest: slowest(target).unwrap_or_default(),
    })
}

/// A line of `--message-format json`.
#[derive(Deserialize)]
struct Message {
    package_id: Option<String>,
}

/// How many crates were compiled: the packages that cargo names in its messages.
fn crates(messages: &str) -> usize {
    let messages = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok());
    let packages: BTreeSet<String> = messages.filter_map(|message| message.package_id).collect();
    packages.len()
}

/// A unit in cargo's page of timings.
#[derive(Deserialize)]
struct Unit {
    name: String,
    #[serde(default)]
    target: String,
    duration: f64,
}

/// The units that took longest. `None` if this cargo writes its page in another way.
fn slowest(target: &Path) -> Option<Vec<(f64, String)>> {
    let page = fs::read_to_string(target.join("cargo-timings/cargo-timing.html")).ok()?;
    let (_, units) = page.split_once("const UNIT_DATA = ")?;
    let (units, _) = units.split_once(";\n")?;
    let mut units: Vec<Unit> = serde_json::from_str(units).ok()?;
    units.sort_by(|one, other| other.duration.total_cmp(&one.duration));
    let named = units
        .into_iter()
        .map(|unit| (unit.duration, format!("{}{}", unit.name, unit.target)));
    Some(named.take(SLOWEST).collect())
}

impl Build {
    fn print(&self, name: &str) {
        println!(
            "{name}: {}, {:.0} s of CPU time, {} crates",
            human(self.wall),
            self.cpu,
            self.crates
        );
    }

    /// Wall time of a unit, which another unit beside it makes longer.
    fn print_slowest(&self) {
        println!("the slowest:");
        for (seconds, name) in &self.slowest {
            println!("  {seconds:6.1} s  {name}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_counts_once_however_many_units_it_has() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","package_id":"a#1"}"#,
            "\n",
            r#"{"reason":"build-script-executed","package_id":"a#1"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","package_id":"b#1"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        assert_eq!(crates(messages), 2);
    }
}
