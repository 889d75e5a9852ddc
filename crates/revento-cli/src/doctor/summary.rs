//! The summary of an examination, on one screen.

use revento_doctor::{Counts, Grade, Report, Settings, Verdict};

use super::{
    live::tone,
    paint::{Paint, Tone, print},
};
use crate::terminal::counted;

/// More failed checks are only counted, so that the summary fits a screen.
const MOST_NAMED: usize = 6;

pub(crate) fn print_summary(report: &Report, settings: &Settings) {
    for line in lines(report, settings, Paint::of_stdout()) {
        print(&line);
    }
}

fn lines(report: &Report, settings: &Settings, paint: Paint) -> Vec<String> {
    let mut lines = vec![String::new()];
    lines.extend(table(report, paint));
    lines.push(String::new());
    for grade in [Grade::Failed, Grade::Untestable, Grade::Warning] {
        lines.extend(named(report, grade, paint));
    }
    if let Some(not_done) = report.not_done() {
        lines.push(format!("{not_done}."));
    }
    lines.extend(next_step(report, settings));
    lines.push(verdict(report, paint));
    lines
}

fn table(report: &Report, paint: Paint) -> Vec<String> {
    let all = report.counts();
    // Without a result of a grade, its column says nothing.
    let grades: Vec<Grade> = Grade::ALL
        .into_iter()
        .filter(|grade| all.of(*grade) > 0)
        .collect();
    let row = |name: &str, counts: Counts| {
        let cells = grades.iter().map(|grade| {
            let count = counts.of(*grade);
            let width = grade.name().len() + 2;
            let tone = if count == 0 { Tone::Soft } else { tone(*grade) };
            paint.text(tone, &format!("{count:>width$}"))
        });
        format!("{name:<11}{}", cells.collect::<String>())
    };
    let head: String = grades.iter().map(|grade| format!("  {}", grade.name())).collect();
    let mut lines = vec![paint.text(Tone::Soft, &format!("{:<11}{head}", "family"))];
    lines.extend(
        report
            .families()
            .into_iter()
            .map(|(family, counts)| row(family.name(), counts)),
    );
    if report.families().len() > 1 {
        lines.push(row("all", all));
    }
    lines
}

/// `failed: a, b, c and 4 more`.
fn named(report: &Report, grade: Grade, paint: Paint) -> Option<String> {
    let ids: Vec<&str> = report.graded(grade).map(|result| result.check.id).collect();
    if ids.is_empty() {
        return None;
    }
    let shown: Vec<&str> = ids.iter().copied().take(MOST_NAMED).collect();
    let more = match ids.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let name = paint.text(tone(grade), &format!("{}:", grade.name()));
    Some(format!("{name} {}{more}", shown.join(", ")))
}

fn next_step(report: &Report, settings: &Settings) -> Option<String> {
    let worst = [Grade::Failed, Grade::Untestable, Grade::Warning];
    let first = worst.into_iter().find_map(|grade| report.graded(grade).next())?;
    let id = first.check.id;
    let page = match settings.html {
        Some(_) => "",
        None => "; --html FILE writes all evidence",
    };
    Some(format!(
        "next: revento doctor explain {id}, and --only {id} to repeat it{page}"
    ))
}

fn verdict(report: &Report, paint: Paint) -> String {
    let counts = report.counts();
    let (tone, text) = match report.verdict() {
        Verdict::Passed => (
            Tone::Good,
            format!(
                "PASSED: {} of {}",
                counts.passed,
                counted(counts.judged(), "check", "checks")
            ),
        ),
        Verdict::Failed => (
            Tone::Bad,
            format!(
                "FAILED: {} of {}",
                counts.failed,
                counted(counts.judged(), "check", "checks")
            ),
        ),
        _ if counts.judged() == 0 => (Tone::Warning, "NOT TESTED: no check was done".to_owned()),
        _ => (
            Tone::Warning,
            format!(
                "NOT TESTED: {} could not be completed",
                counted(counts.untestable, "check", "checks")
            ),
        ),
    };
    let warnings = match counts.warnings {
        0 => String::new(),
        many => format!(", {}", counted(many, "warning", "warnings")),
    };
    let ran = format!("in {:.1} s, seed {}", report.duration.as_secs_f64(), report.seed);
    format!("{}{warnings} {ran}", paint.text(tone, &text))
}
