//! Runs several test binaries at the same time. Each writes into a file, which is shown when it has ended. A binary that hangs is ended,
//! and counts as failed.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Result;

use super::recording::Binary;
use crate::clock::{Stopwatch, human};
use crate::process::{Group, Signal};
use crate::{interrupt, workspace};

/// After this time a binary hangs. The longest takes a few minutes, on a busy machine too.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// A binary that runs.
struct Running {
    name: String,
    group: Group,
    watch: Stopwatch,
    output: PathBuf,
}

/// Runs the binaries, those first that took longest the last time. Returns the names of those that failed. With `is_brief`, what a
/// binary has written is shown only if it failed, and its summary otherwise.
pub(super) fn run(mut binaries: Vec<Binary>, at_once: usize, is_brief: bool) -> Result<Vec<String>> {
    let scratch = tempfile::tempdir()?;
    let mut durations = Durations::load()?;
    binaries.sort_by_cached_key(|binary| std::cmp::Reverse(durations.of(&binary.name())));
    let mut waiting = binaries.into_iter().enumerate();
    let (mut running, mut failed) = (Vec::new(), Vec::new());
    loop {
        while running.len() < at_once
            && let Some((number, binary)) = waiting.next()
        {
            running.push(start(&binary, scratch.path().join(number.to_string()))?);
        }
        if running.is_empty() {
            durations.store()?;
            return Ok(failed);
        }
        let mut still_running = Vec::new();
        for mut binary in running {
            let status = binary.group.ended()?;
            if status.is_none() && binary.watch.elapsed() < LIMIT {
                still_running.push(binary);
                continue;
            }
            report(&binary, status, is_brief)?;
            durations.note(&binary.name, binary.watch.elapsed());
            if !status.is_some_and(|status| status.success()) {
                failed.push(binary.name);
            }
        }
        running = still_running;
        if let Err(interrupted) = interrupt::check() {
            // Perhaps because one hangs.
            for binary in &running {
                report(binary, None, is_brief)?;
            }
            return Err(interrupted);
        }
        std::thread::sleep(Duration::from_millis(30));
    }
}

fn start(binary: &Binary, output: PathBuf) -> Result<Running> {
    let file = File::create(&output)?;
    let mut command = binary.command();
    command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file);
    Ok(Running {
        name: binary.name(),
        group: Group::spawn(&mut command, Signal::Terminate)?,
        watch: Stopwatch::start(),
        output,
    })
}

/// Shows how a binary has ended, or that it still runs and will be ended.
fn report(binary: &Running, status: Option<ExitStatus>, is_brief: bool) -> Result<()> {
    let output = String::from_utf8_lossy(&fs::read(&binary.output)?).into_owned();
    let is_ok = status.is_some_and(|status| status.success());
    let outcome = if is_ok { "ok" } else { "FAILED" };
    let duration = human(binary.watch.elapsed());
    let summary = status.map_or_else(|| "still running".to_owned(), |status| summary(&output, status));
    println!("{outcome:<6} {} in {duration}: {summary}", binary.name);
    if !is_brief || !is_ok {
        println!("{}", output.trim_matches('\n'));
    }
    Ok(())
}

/// What libtest counted, or how the process ended.
fn summary(output: &str, status: ExitStatus) -> String {
    let counted = output
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("test result: "));
    let counts = counted
        .and_then(|line| line.split_once(". "))
        .map(|(_, counts)| counts);
    let counts = counts.map(|counts| counts.split(" measured").next().unwrap_or(counts));
    counts.map_or_else(
        || status.to_string(),
        |counts| counts.trim_end_matches("; 0").to_owned(),
    )
}

/// How long each binary took the last time, in milliseconds.
struct Durations {
    file: PathBuf,
    by_name: BTreeMap<String, u64>,
}

impl Durations {
    fn load() -> Result<Self> {
        Ok(Self::in_file(
            &workspace::target_directory()?.join("test-durations.json"),
        ))
    }

    /// A file that is missing or that cannot be read costs the order only.
    fn in_file(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap_or_default();
        Self {
            file: file.to_owned(),
            by_name: serde_json::from_str(&text).unwrap_or_default(),
        }
    }

    /// What is unknown counts as long.
    fn of(&self, name: &str) -> u64 {
        self.by_name.get(name).copied().unwrap_or(u64::MAX)
    }

    fn note(&mut self, name: &str, duration: Duration) {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.by_name.insert(name.to_owned(), millis);
    }

    fn store(&self) -> Result<()> {
        Ok(fs::write(
            &self.file,
            serde_json::to_string_pretty(&self.by_name)?,
        )?)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    #[test]
    fn the_summary_is_what_libtest_counted() {
        let output = "running 3 tests\ntest a ... ok\n\ntest result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out; finished in 0.01s\n";
        assert_eq!(
            summary(output, ExitStatus::from_raw(0)),
            "3 passed; 0 failed; 0 ignored"
        );
        assert_eq!(summary("Killed", ExitStatus::from_raw(9)), "signal: 9 (SIGKILL)");
    }

    #[test]
    fn what_took_longest_runs_first_and_the_unknown_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("durations.json");
        let mut durations = Durations::in_file(&file);
        durations.note("short", Duration::from_millis(5));
        durations.note("long", Duration::from_secs(5));
        durations.store().unwrap();
        let again = Durations::in_file(&file);
        let mut names = ["short", "long", "new"];
        names.sort_by_key(|name| std::cmp::Reverse(again.of(name)));
        assert_eq!(names, ["new", "long", "short"]);
        fs::write(&file, "{").unwrap();
        assert_eq!(Durations::in_file(&file).of("long"), u64::MAX);
    }
}
