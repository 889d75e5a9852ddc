//! Measures requests per second of a server's CPU time: the server on one core, wrk on another.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::{cpu, foreign};
use crate::clock::Stopwatch;
use crate::process::{self, Group, Signal};
use crate::workspace::{cargo, root, target_directory};

const SIZES: [(&str, u32); 2] = [("1KiB", 1024), ("16KiB", 16 * 1024)];
const BARE: &str = "bare-axum";
/// The servers of our program.
const OURS: [&str; 7] = [
    BARE,
    "axum",
    "axum-layer",
    "axum-typed",
    "tower",
    "actix",
    "actix-middleware",
];
const PORT: u16 = 38_417;
/// The number of rounds, of which the report takes the median.
const ROUNDS: usize = 9;

pub(super) fn run(json: bool) -> Result<()> {
    let servers = build()?;
    let mut contestants: Vec<(&str, Command)> = OURS
        .iter()
        .map(|name| {
            let mut command = pinned(&servers);
            command.args([*name, &PORT.to_string()]);
            (*name, command)
        })
        .collect();
    contestants.extend(express()?.map(|command| ("Express", command)));
    contestants.extend(flask()?.map(|command| ("Flask", command)));

    // Runs all contestants in turn, in many rounds, so that a slow moment of the machine affects all of them.
    let mut rounds = vec![Vec::new(); contestants.len()];
    for _ in 0..ROUNDS {
        for ((name, command), rounds) in contestants.iter_mut().zip(&mut rounds) {
            let server = Group::spawn(
                command.stdout(Stdio::null()).stderr(Stdio::null()),
                Signal::Terminate,
            )?;
            wait_for_port(name)?;
            rounds.push(rates_of(&server, &servers)?);
        }
    }
    let names = contestants.iter().map(|(name, _)| *name);
    let entries: Vec<Entry<'_>> = names.zip(rounds.iter().map(Vec::as_slice)).collect();
    if json {
        report_json(&entries);
    } else {
        report(&entries);
    }
    Ok(())
}

/// Requests per second of CPU time, for small and for large bodies.
type Rates = [f64; 2];

/// A contestant with its rates in each round.
type Entry<'a> = (&'static str, &'a [Rates]);

/// The medians of the rates.
fn medians(rounds: impl Iterator<Item = Rates>) -> Rates {
    let (small, large): (Vec<f64>, Vec<f64>) = rounds.map(|[small, large]| (small, large)).unzip();
    [small, large].map(|mut values| {
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    })
}

/// The medians of the ratios. Each ratio is taken within one round, in which the machine was equally fast for both.
fn ratios(ours: &[Rates], peer: &[Rates]) -> Rates {
    let within = ours.iter().zip(peer);
    medians(within.map(|([small, large], [peer_small, peer_large])| [small / peer_small, large / peer_large]))
}

/// `endpoint.<size>-<adapter>.<peer>`: our rate divided by the peer's.
fn report_json(entries: &[Entry<'_>]) {
    let is_ours = |name: &str| OURS.contains(&name) && name != BARE;
    let mut all = serde_json::Map::new();
    for (adapter, ours) in entries.iter().filter(|(name, _)| is_ours(name)) {
        for (peer, theirs) in entries.iter().filter(|(name, _)| !is_ours(name)) {
            for ((size, _), ratio) in SIZES.iter().zip(ratios(ours, theirs)) {
                let rounded = (ratio * 1000.0).round() / 1000.0;
                all.insert(format!("endpoint.{size}-{adapter}.{peer}"), rounded.into());
            }
        }
    }
    println!("{}", serde_json::Value::Object(all));
}

fn report(entries: &[Entry<'_>]) {
    let bare = entries.first().map_or(&[][..], |(_, rounds)| rounds);
    println!("| requests per CPU second (of bare axum) | 1 KiB | 16 KiB |\n|---|---|---|");
    for (name, rounds) in entries {
        let [small, large] = medians(rounds.iter().copied());
        let [of_small, of_large] = ratios(rounds, bare);
        println!("| {name} | {small:.0} ({of_small:.2}) | {large:.0} ({of_large:.2}) |");
    }
}

fn rates_of(server: &Group, wrk: &Path) -> Result<Rates> {
    let mut rates = Rates::default();
    for ((_, bytes), rate) in SIZES.iter().zip(&mut rates) {
        let before = cpu::of_group(server.id())?;
        let requests = measure(wrk, *bytes)?;
        *rate = requests / (cpu::of_group(server.id())? - before);
    }
    Ok(rates)
}

fn build() -> Result<PathBuf> {
    let manifest = root()?.join("benches/Cargo.toml");
    let target = target_directory()?.join("benches");
    let mut command = cargo(&["build", "--quiet", "--release", "--features", "servers"])?;
    command
        .arg("--manifest-path")
        .arg(manifest)
        .arg("--target-dir")
        .arg(&target);
    process::run(&mut command)?;
    Ok(target.join("release/revento-bench-servers"))
}

/// A command on the first core.
fn pinned(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program);
    command
}

fn express() -> Result<Option<Command>> {
    let home = foreign::with_npm("express", "Express")?;
    Ok(home.map(|home| {
        let mut command = pinned(Path::new("node"));
        command.arg(home.join("server.mjs")).arg(PORT.to_string());
        command
    }))
}

fn flask() -> Result<Option<Command>> {
    let venv = target_directory()?.join("bench-flask");
    let sources = root()?.join("benches/foreign/flask");
    let gunicorn = venv.join("bin/gunicorn");
    if !gunicorn.exists() {
        let mut create = Command::new("python3");
        create.args(["-m", "venv"]).arg(&venv);
        let mut install = Command::new(venv.join("bin/pip"));
        install
            .args(["install", "--quiet", "-r"])
            .arg(sources.join("requirements.txt"));
        if process::run(&mut create).is_err() || process::run(&mut install).is_err() {
            println!("skipped: Flask (pip cannot install it here)");
            return Ok(None);
        }
    }
    let mut command = pinned(&gunicorn);
    command
        .args([
            "--workers",
            "1",
            "--worker-class",
            "gthread",
            "--threads",
            "4",
            "--keep-alive",
            "30",
        ])
        .args(["--bind", &format!("127.0.0.1:{PORT}"), "app:app"])
        .current_dir(sources);
    Ok(Some(command))
}

fn wait_for_port(name: &str) -> Result<()> {
    let watch = Stopwatch::start();
    while TcpStream::connect(("127.0.0.1", PORT)).is_err() {
        if watch.elapsed() > Duration::from_secs(20) {
            bail!("{name} does not listen");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn measure(servers: &Path, bytes: u32) -> Result<f64> {
    let script = process::stdout(Command::new(servers).args(["request", &bytes.to_string()]))?;
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), script)?;
    let mut wrk = Command::new("taskset");
    wrk.args(["-c", "1", "wrk", "-t1", "-c16", "-d1s", "-s"])
        .arg(file.path())
        .arg(format!("http://127.0.0.1:{PORT}/"));
    requests(&process::stdout(&mut wrk).context("is wrk installed?")?)
}

fn requests(said: &str) -> Result<f64> {
    let line = said
        .lines()
        .find_map(|line| line.strip_prefix("REQUESTS "))
        .context("wrk printed no number of requests")?;
    match line.split_once(" ERRORS ") {
        Some((requests, "0")) => Ok(requests.parse()?),
        _ => bail!("not every request was accepted: {line}"),
    }
}
