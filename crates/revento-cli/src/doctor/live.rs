//! Shows an examination while it runs: a line for each check, and on a terminal the progress below them.

use std::{
    collections::HashSet,
    fmt::Write as _,
    io::{self, IsTerminal},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use revento_doctor::{Check, CheckResult, Grade, Missing, Observer, Outcome, Plan, Settings};

use super::{
    estimate::Estimate,
    paint::{Paint, Tone, is_dumb, print},
    undone::Undone,
};
use crate::terminal::counted;

/// How often the progress is drawn while nothing happens.
const REDRAW_INTERVAL: Duration = Duration::from_millis(250);
/// Longer commands are in the report only.
const LONGEST_COMMAND: usize = 1200;

/// Follows an examination.
pub(crate) struct Live {
    paint: Paint,
    bar: ProgressBar,
    /// The progress is shown, on standard error.
    on_terminal: bool,
    estimate: Arc<Mutex<Option<Estimate>>>,
    /// The ids of the checks that the plan says are done.
    planned: HashSet<&'static str>,
    finished: usize,
    /// The checks since the last line.
    undone: Option<Undone>,
    /// Lines are printed; otherwise the report is JSON.
    lines: bool,
    marks: bool,
    start: Option<String>,
}

impl Live {
    pub(crate) fn new(settings: &Settings) -> Self {
        let on_terminal = io::stderr().is_terminal() && !is_dumb() && !settings.ci;
        Self {
            paint: Paint::of_stdout(),
            bar: ProgressBar::hidden(),
            on_terminal,
            estimate: Arc::default(),
            planned: HashSet::new(),
            finished: 0,
            undone: None,
            lines: !settings.json,
            marks: io::stdout().is_terminal(),
            start: settings.start.clone(),
        }
    }

    /// `12 of 87 checks`.
    pub(crate) fn progress(&self) -> String {
        format!(
            "{} of {}",
            self.finished,
            counted(self.planned.len(), "check", "checks")
        )
    }

    /// Prints what is left, and removes the progress from the terminal.
    pub(crate) fn end(&mut self) {
        self.print_undone();
        self.bar.finish_and_clear();
    }

    fn line(&self, line: &str) {
        if self.lines {
            self.bar.suspend(|| print(line));
        }
    }

    fn print_undone(&mut self) {
        if let Some(undone) = self.undone.take() {
            let (word, line) = (
                self.word(Grade::NotChecked),
                self.paint.text(Tone::Soft, &undone.line()),
            );
            self.line(&format!("{word} {line}"));
        }
    }

    /// The sign of a grade, or its name where no terminal shows it.
    fn word(&self, grade: Grade) -> String {
        let word = if self.marks {
            mark(grade).to_owned()
        } else {
            format!("{:<11}", grade.name())
        };
        self.paint.text(tone(grade), &word)
    }

    fn estimate(&self, change: impl FnOnce(&mut Estimate)) {
        let mut estimate = self.estimate.lock().unwrap_or_else(PoisonError::into_inner);
        estimate.as_mut().map(change);
    }

    fn show_progress(&self) {
        let estimate = Arc::clone(&self.estimate);
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} · {msg}{left}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        self.bar.set_style(style.with_key(
            "left",
            move |_: &ProgressState, line: &mut dyn std::fmt::Write| {
                let estimate = estimate.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(left) = estimate.as_ref().and_then(Estimate::left) {
                    let _ = write!(line, " · {}", in_words(left));
                }
            },
        ));
        self.bar.enable_steady_tick(REDRAW_INTERVAL);
    }

    /// What a check failed, and what to do about it.
    fn details(&self, result: &CheckResult, expected: &str, got: &str) -> String {
        let mut text = String::new();
        let mut field = |name: &str, value: String| {
            let name = self.paint.text(Tone::Soft, &format!("{name:<9}"));
            let _ = write!(text, "\n    {name} {value}");
        };
        field("expected", self.paint.plain(expected));
        field("got", self.paint.plain(got));
        let mend = result.mend.as_deref().unwrap_or(result.check.mend);
        field("mend", self.paint.plain(mend));
        if let Some(exchange) = result.telling_exchange() {
            let command = exchange.curl();
            let repeat = match command.len() {
                0..=LONGEST_COMMAND => &command,
                _ => "the request is long: --html FILE or --json has it",
            };
            field("repeat", self.paint.text(Tone::Soft, repeat));
        }
        text
    }
}

impl Observer for Live {
    fn planned(&mut self, plan: &Plan) {
        let checks = plan.checks.iter().filter(|planned| planned.is_done());
        self.planned = checks.map(|planned| planned.check.id).collect();
        *self.estimate.lock().unwrap_or_else(PoisonError::into_inner) = Some(Estimate::new(plan));
        let whole = counted(plan.checks.len(), "check", "checks");
        self.line(&format!(
            "{}: {} of {whole}",
            self.paint.text(
                Tone::Strong,
                concat!("revento doctor ", env!("CARGO_PKG_VERSION"))
            ),
            plan.done(),
        ));
        let missing = plan.missing();
        if !missing.is_empty() {
            let told = format!("not told: {}", options(&missing));
            self.line(&self.paint.text(Tone::Warning, &told));
        }
    }

    fn ready(&mut self, _: &[(String, String)], console_url: &str) {
        self.line(&self.paint.text(
            Tone::Soft,
            &format!("console of the doctor's platform: {console_url}"),
        ));
        match &self.start {
            Some(command) => self.line(&self.paint.text(Tone::Soft, &format!("starting: {command}"))),
            None => {
                let text = "the integration has to run with the variables of `revento doctor --print-env`";
                self.line(&self.paint.text(Tone::Soft, text));
            }
        }
        self.line("");
        let style = ProgressStyle::with_template("{spinner} {msg}");
        self.bar
            .set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        self.bar.set_message("waiting for the integration");
        if self.on_terminal {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.enable_steady_tick(REDRAW_INTERVAL);
    }

    fn begun(&mut self, check: &'static Check, number: usize, total: usize) {
        if number == 1 {
            self.bar.set_length(u64::try_from(total).unwrap_or_default());
            self.show_progress();
        }
        self.bar
            .set_position(u64::try_from(number.saturating_sub(1)).unwrap_or_default());
        self.bar.set_message(check.id);
        self.estimate(|estimate| estimate.begun(check));
    }

    fn finished(&mut self, result: &CheckResult) {
        self.bar.inc(1);
        let check = result.check;
        let was_planned = self.planned.contains(check.id);
        self.finished += usize::from(was_planned);
        self.estimate(|estimate| estimate.finished(result, was_planned));
        if self.undone.as_mut().is_some_and(|undone| undone.takes(result)) {
            return;
        }
        self.print_undone();
        self.undone = Undone::begin(result);
        if self.undone.is_some() {
            return;
        }
        let word = self.word(result.grade());
        let id = format!("{:<34}", check.id);
        let line = match &result.outcome {
            Outcome::Passed => {
                let text = format!("{}{}", check.title, took(result.duration));
                format!("{word} {id} {}", self.paint.text(Tone::Soft, &text))
            }
            Outcome::Failed { expected, got } => {
                let id = self.paint.text(Tone::Strong, &id);
                format!(
                    "{word} {id} {}{}",
                    check.title,
                    self.details(result, expected, got)
                )
            }
            Outcome::NotChecked { reason, .. } => format!(
                "{word} {}",
                self.paint.text(Tone::Soft, &format!("{id} {reason}"))
            ),
            Outcome::Skipped { because } => {
                format!(
                    "{word} {}",
                    self.paint.text(Tone::Soft, &format!("{id} skipped: {because}"))
                )
            }
            Outcome::Untestable { reason } => format!("{word} {id} {}", self.paint.plain(reason)),
            _ => format!("{word} {id}"),
        };
        self.line(&line);
    }
}

/// `--scan (4 checks), --log (3 checks)`.
fn options(missing: &[Missing]) -> String {
    let option = |row: &Missing| {
        format!(
            "{} ({})",
            row.need.option(),
            counted(row.checks, "check", "checks")
        )
    };
    missing.iter().map(option).collect::<Vec<_>>().join(", ")
}

/// ` (2.3 s)` for a check that somebody had to wait for.
fn took(duration: Duration) -> String {
    match duration.as_millis() {
        0..1000 => String::new(),
        _ => format!(" ({:.1} s)", duration.as_secs_f64()),
    }
}

/// The remaining time in words that promise no more than is known.
fn in_words(left: Duration) -> String {
    match left.as_secs() {
        0..=2 => "almost done".to_owned(),
        seconds @ 3..=90 => format!("about {} s left", seconds.div_ceil(5) * 5),
        _ => format!("about {} left", HumanDuration(left)),
    }
}

/// The sign of a grade on a terminal. Each has its own form, so that nobody needs the colours.
pub(super) fn mark(grade: Grade) -> &'static str {
    match grade {
        Grade::Passed => "✓",
        Grade::Failed => "✗",
        Grade::Warning => "!",
        Grade::Untestable => "?",
        _ => "·",
    }
}

pub(super) fn tone(grade: Grade) -> Tone {
    match grade {
        Grade::Passed => Tone::Good,
        Grade::Failed => Tone::Bad,
        Grade::Warning | Grade::Untestable => Tone::Warning,
        _ => Tone::Soft,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remaining_time_is_rounded() {
        let words = |seconds| in_words(Duration::from_secs(seconds));
        assert_eq!(words(1), "almost done");
        assert_eq!(words(21), "about 25 s left");
        assert_eq!(words(200), "about 3 minutes left");
    }
}
