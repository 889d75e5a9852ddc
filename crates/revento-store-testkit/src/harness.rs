//! Runs suites as the tests of a test binary.

use std::{
    ffi::OsString,
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use clap::Parser;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tokio::{
    runtime::{Builder, Handle},
    sync::Semaphore,
    time::Instant,
};

use crate::{
    CheckOutcome, Finding, Report, StoreTrait, Suite, check::Check, report::ReportView, traits::checks_of,
};

/// Runs each check of its suites as a named test, so that one failing check is one failing test.
///
/// Use it as the `main` of a test without the built-in harness:
///
/// ```toml
/// [[test]]
/// name = "conformance"
/// harness = false
/// ```
///
/// ```no_run
/// use std::process::ExitCode;
///
/// use revento_store::memory::MemoryTokens;
/// use revento_store_testkit::{Harness, Subject, TokenStoreSuite};
///
/// fn main() -> ExitCode {
///     let tokens = TokenStoreSuite::new(|| async { Ok(Subject::tokens(MemoryTokens::new())) });
///     Harness::new().suite(tokens).run()
/// }
/// ```
///
/// The tests are called `token_store::k10_creating_never_overwrites` and so on. `cargo test` and `cargo nextest` run them. The binary takes the arguments of the
/// built-in harness, such as `--list`, `--exact`, `--skip`, `--test-threads` and `--format`, and two more:
///
/// - `--report FILE` writes the [reports](Report::to_json) of all suites as a list in JSON;
/// - `--report-time` prints what each check cost.
#[derive(Default)]
#[must_use = "call `run`"]
pub struct Harness {
    suites: Vec<Box<dyn Tests>>,
}

/// The arguments of the test binary.
#[derive(Debug, Parser)]
struct Options {
    #[command(flatten)]
    tests: Arguments,
    /// Writes a report in JSON to this file
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Prints how long each check took
    #[arg(long)]
    report_time: bool,
}

impl Harness {
    /// A harness without suites. It runs no test and succeeds: the case of an engine that is missing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a suite.
    pub fn suite<S: StoreTrait + Send + Sync + ?Sized + 'static>(mut self, suite: Suite<S>) -> Self {
        self.suites.push(Box::new(Arc::new(suite)));
        self
    }

    /// Runs the tests that the arguments of the process select, and returns the exit code of the process.
    ///
    /// It starts a runtime of its own, so call it from a `main` that is not asynchronous.
    pub fn run(self) -> ExitCode {
        self.run_with_args(std::env::args_os())
    }

    /// Runs the tests that these arguments select. The first is the name of the program.
    pub fn run_with_args(self, args: impl IntoIterator<Item = OsString>) -> ExitCode {
        match self.try_run(Options::parse_from(args)) {
            Ok(code) => code,
            Err(error) => {
                let _ = writeln!(io::stderr(), "the checks could not be run: {error}");
                ExitCode::FAILURE
            }
        }
    }

    fn try_run(self, mut options: Options) -> io::Result<ExitCode> {
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let largest = self.suites.iter().map(|suite| suite.max_concurrency()).max();
        options.tests.test_threads = options.tests.test_threads.or(largest);
        let results: Vec<Results> = self.suites.iter().map(|_| Results::default()).collect();
        let trials = self.suites.iter().zip(&results);
        let trials = trials.flat_map(|(suite, results)| suite.trials(runtime.handle(), results));
        let conclusion = libtest_mimic::run(&options.tests, trials.collect());
        // A check that hangs in spite of its time limit does not keep the process alive.
        runtime.shutdown_timeout(Duration::from_secs(1));
        if !options.tests.list {
            let reports = self.suites.iter().zip(&results);
            let reports = reports.map(|(suite, results)| suite.report(results)).collect();
            options.finish(reports)?;
        }
        Ok(conclusion.exit_code())
    }
}

impl std::fmt::Debug for Harness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let suites: Vec<&str> = self.suites.iter().map(|suite| suite.name()).collect();
        f.debug_struct("Harness").field("suites", &suites).finish()
    }
}

impl Options {
    /// Prints the numbers of each suite, and writes the report.
    fn finish(&self, reports: Vec<Report>) -> io::Result<()> {
        let mut text = String::new();
        for report in reports.iter().filter(|report| !report.findings.is_empty()) {
            if self.report_time {
                for finding in &report.findings {
                    let _ = writeln!(text, "{:8.3} s  {}", finding.duration.as_secs_f64(), finding.name);
                }
            }
            for (finding, because) in report.skipped() {
                let _ = writeln!(text, "skipped {}: {because}", finding.name);
            }
            let _ = writeln!(text, "{}", report.summary());
        }
        // The JSON of the harness is read by a program.
        let is_read = !matches!(self.tests.format, Some(libtest_mimic::FormatSetting::Json));
        match &self.tests.logfile {
            Some(file) => fs::OpenOptions::new()
                .append(true)
                .open(file)?
                .write_all(text.as_bytes())?,
            None if is_read => io::stdout().write_all(text.as_bytes())?,
            None => {}
        }
        if let Some(file) = &self.report {
            let views: Vec<ReportView<'_>> = reports.iter().map(Report::view).collect();
            fs::write(file, serde_json::json!(views).to_string())?;
        }
        Ok(())
    }
}

/// The results of one suite.
type Results = Arc<Mutex<Vec<Ended>>>;

/// A check that has ended, and when.
struct Ended {
    finding: Finding,
    at: Instant,
}

/// A suite of any trait.
trait Tests {
    fn name(&self) -> &str;
    fn max_concurrency(&self) -> usize;
    fn trials(&self, runtime: &Handle, results: &Results) -> Vec<Trial>;
    fn report(&self, results: &Results) -> Report;
}

impl<S: StoreTrait + Send + Sync + ?Sized + 'static> Tests for Arc<Suite<S>> {
    fn name(&self) -> &str {
        Suite::name(self)
    }

    fn max_concurrency(&self) -> usize {
        Suite::max_concurrency(self)
    }

    fn trials(&self, runtime: &Handle, results: &Results) -> Vec<Trial> {
        let turns = Arc::new(Semaphore::new(Suite::max_concurrency(self)));
        let checks = checks_of::<S>().into_iter().map(|check| {
            let name = format!("{}::{}", Suite::name(self), check.name);
            let (suite, runtime) = (self.clone(), runtime.clone());
            let (results, turns) = (results.clone(), turns.clone());
            Trial::ignorable_test(name, move || {
                conclude(runtime.block_on(one(&suite, &check, &turns)), &results)
            })
        });
        let mistakes = self.mistaken_names().into_iter().map(|finding| {
            let name = format!("{}::{}", Suite::name(self), finding.name);
            let results = results.clone();
            Trial::ignorable_test(name, move || conclude(finding, &results))
        });
        checks.chain(mistakes).collect()
    }

    fn report(&self, results: &Results) -> Report {
        let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
        let order: Vec<&str> = checks_of::<S>().iter().map(|check| check.name).collect();
        results.sort_by_key(|ended| order.iter().position(|name| *name == ended.finding.name));
        // The checks of a suite may run at the same time, and beside those of another.
        let first = results
            .iter()
            .filter_map(|ended| ended.at.checked_sub(ended.finding.duration));
        let last = results.iter().map(|ended| ended.at).max();
        let duration = last.zip(first.min()).map(|(last, first)| last - first);
        Report {
            suite: Suite::name(self).to_owned(),
            duration: duration.unwrap_or_default(),
            findings: results.drain(..).map(|ended| ended.finding).collect(),
        }
    }
}

/// Runs a check when fewer than [`Suite::concurrency`] of its suite are running.
async fn one<S>(suite: &Suite<S>, check: &Check<S>, turns: &Semaphore) -> Finding
where
    S: StoreTrait + Send + Sync + ?Sized + 'static,
{
    let _turn = turns.acquire().await;
    suite.run_one(check).await
}

/// Keeps a finding for the report, and returns it as the harness wants it.
fn conclude(finding: Finding, results: &Results) -> Result<Completion, Failed> {
    let conclusion = match &finding.outcome {
        CheckOutcome::Passed => Ok(Completion::Completed),
        CheckOutcome::Skipped(because) => Ok(Completion::ignored_with(because)),
        CheckOutcome::Failed(_) => Err(finding.to_string().into()),
    };
    let at = Instant::now();
    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
    results.push(Ended { finding, at });
    conclusion
}
