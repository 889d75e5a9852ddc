//! Requests per second of a server's CPU time: the server on one core, wrk on another.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::cpu;
use crate::clock::Stopwatch;
use crate::process::{self, Group, Signal};
use crate::workspace::{cargo, root, target_directory};

const SIZES: [(&str, u32); 2] = [("1KiB", 1024), ("16KiB", 16 * 1024)];
const OURS: [&str; 6] = ["bare-axum", "axum", "axum-layer", "axum-typed", "tower", "actix"];
const PORT: u16 = 38_417;
/// How many rounds are added up.
const RUNS: usize = 5;

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
    contestants.extend(flask()?.map(|command| ("Flask, gunicorn", command)));

    // One after the other, round after round, so that a slow moment of the machine hits all alike.
    let mut totals = vec![[Total::default(); 2]; contestants.len()];
    for _ in 0..RUNS {
        for ((name, command), totals) in contestants.iter_mut().zip(&mut totals) {
            let server = Group::spawn(
                command.stdout(Stdio::null()).stderr(Stdio::null()),
                Signal::Terminate,
            )?;
            wait_for_port(name)?;
            for ((_, bytes), total) in SIZES.iter().zip(totals) {
                let before = cpu::of_group(server.id())?;
                total.requests += measure(&servers, *bytes)?;
                total.seconds += cpu::of_group(server.id())? - before;
            }
            drop(server);
        }
    }
    let table: Vec<_> = contestants
        .iter()
        .zip(totals)
        .map(|((name, _), totals)| (*name, totals.map(|total| total.requests / total.seconds)))
        .collect();
    report(&table, json);
    Ok(())
}

/// What a server has done, and the CPU time that it took.
#[derive(Debug, Clone, Copy, Default)]
struct Total {
    requests: f64,
    seconds: f64,
}

fn report(table: &[(&str, [f64; 2])], json: bool) {
    let bare = table.first().map_or([f64::NAN; 2], |(_, rates)| *rates);
    if json {
        let ratios = table.iter().skip(1).flat_map(|(name, rates)| {
            SIZES
                .iter()
                .zip(rates)
                .zip(bare)
                .map(move |(((size, _), rate), bare)| {
                    let key = format!("endpoint.{size}.{}", name.replace(", ", "-"));
                    (key, serde_json::json!((rate / bare * 1000.0).round() / 1000.0))
                })
        });
        println!("{}", serde_json::Value::Object(ratios.collect()));
        return;
    }
    println!("| requests per CPU second (of bare axum) | 1 KiB | 16 KiB |\n|---|---|---|");
    for (name, [small, large]) in table {
        let [bare_small, bare_large] = bare;
        println!(
            "| {name} | {small:.0} ({:.2}) | {large:.0} ({:.2}) |",
            small / bare_small,
            large / bare_large
        );
    }
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

/// A command whose process stays on the first core.
fn pinned(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program);
    command
}

fn express() -> Result<Option<Command>> {
    let home = target_directory()?.join("bench-express");
    let sources = root()?.join("benches/foreign/express");
    std::fs::create_dir_all(&home)?;
    for file in ["package.json", "server.mjs"] {
        std::fs::copy(sources.join(file), home.join(file))?;
    }
    let mut install = Command::new("npm");
    install
        .args(["install", "--no-audit", "--no-fund", "--silent"])
        .current_dir(&home);
    if !home.join("node_modules").exists() && process::run(&mut install).is_err() {
        println!("skipped: Express (npm cannot install it here)");
        return Ok(None);
    }
    let mut command = pinned(Path::new("node"));
    command.arg(home.join("server.mjs")).arg(PORT.to_string());
    Ok(Some(command))
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
