//! The report for a workflow of GitHub: annotations, and the summary of a step.

use std::fmt::Write as _;

use super::{CheckResult, Grade, Outcome, Report};
use crate::check::Severity;
use crate::text;

impl Report {
    /// Annotations as workflow commands, a line each: an error for each required check that failed or could not be completed, a
    /// warning for each recommended one, and a notice of what was not done.
    pub fn to_github_annotations(&self) -> String {
        let mut commands = String::new();
        for result in &self.results {
            let check = result.check;
            let (command, message) = match (&result.outcome, result.grade()) {
                (Outcome::Failed { expected, got }, grade) => {
                    let command = if grade == Grade::Failed {
                        "error"
                    } else {
                        "warning"
                    };
                    let mend = result.mend.as_deref().unwrap_or(check.mend);
                    let message = format!(
                        "{}\nexpected: {}\ngot: {}\nmend: {mend}",
                        check.title,
                        text::line(expected),
                        text::line(got)
                    );
                    (command, message)
                }
                (Outcome::Untestable { reason }, _) => {
                    let message = format!("{}\ncould not be completed: {}", check.title, text::line(reason));
                    let is_required = check.severity == Severity::Required;
                    (if is_required { "error" } else { "warning" }, message)
                }
                _ => continue,
            };
            let title = format!("revento doctor: {} (contract {})", check.id, check.section);
            let _ = writeln!(
                commands,
                "::{command} title={}::{}",
                property(&title),
                data(&message)
            );
        }
        if let Some(not_done) = self.not_done() {
            let _ = writeln!(commands, "::notice title=revento doctor::{}", data(&not_done));
        }
        commands
    }

    /// The summary of a step, in Markdown: GitHub shows what is appended to the file that `GITHUB_STEP_SUMMARY` names.
    pub fn to_github_summary(&self) -> String {
        let mut page = format!("## revento doctor: {}\n\n", self.sentence());
        page.push_str("| family | passed | failed | warnings | untestable | not checked | skipped |\n|---|--:|--:|--:|--:|--:|--:|\n");
        for (family, counts) in self.families() {
            let _ = write!(page, "| {} |", family.name());
            for grade in Grade::ALL {
                let _ = write!(page, " {} |", counts.of(grade));
            }
            page.push('\n');
        }
        page.push('\n');
        for grade in [Grade::Failed, Grade::Untestable, Grade::Warning] {
            for result in self.graded(grade) {
                details(&mut page, result);
            }
        }
        if let Some(not_done) = self.not_done() {
            let _ = writeln!(page, "{not_done}.");
        }
        page
    }
}

fn details(page: &mut String, result: &CheckResult) {
    let check = result.check;
    let _ = writeln!(
        page,
        "<details><summary>{}: <code>{}</code> {}</summary>\n",
        result.grade().name(),
        check.id,
        check.title
    );
    match &result.outcome {
        Outcome::Failed { expected, got } => {
            let _ = writeln!(
                page,
                "- expected: {}\n- got: {}",
                markdown(expected),
                markdown(got)
            );
            let _ = writeln!(page, "- mend: {}", result.mend.as_deref().unwrap_or(check.mend));
        }
        Outcome::Untestable { reason } => {
            let _ = writeln!(page, "- could not be completed: {}", markdown(reason));
        }
        _ => {}
    }
    let _ = writeln!(page, "- contract {}\n\n</details>\n", check.section);
}

/// The message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Foreign text on one line that Markdown and HTML show as it is.
fn markdown(text: &str) -> String {
    let mut shown = String::new();
    for character in text::line(text).chars() {
        match character {
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            // A mention or a reference would notify people.
            '@' => shown.push_str("&#64;"),
            '#' => shown.push_str("&#35;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' | '$' => {
                shown.push('\\');
                shown.push(character);
            }
            // GitHub makes links of addresses; with this no-op entity it does not.
            ':' => shown.push_str("&#58;"),
            _ => shown.push(character),
        }
    }
    shown
}
