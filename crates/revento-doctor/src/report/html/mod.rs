//! The report as one HTML page: no other resources, no scripts, for the screen, for paper and for a screen reader.

mod evidence;

use base64::Engine as _;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use self::evidence::evidence;
use super::{CheckResult, Counts, Grade, Outcome, Report, Verdict};
use crate::check::{Family, Framework, Severity};
use crate::text;

const STYLE: &str = include_str!("style.css");

impl Report {
    /// The report as one HTML page with all evidence. It needs no other files and no scripts, and its policy allows none.
    pub fn to_html(&self) -> String {
        let digest = base64::prelude::BASE64_STANDARD.encode(Sha256::digest(STYLE));
        let policy =
            format!("default-src 'none'; style-src 'sha256-{digest}'; form-action 'none'; base-uri 'none'");
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(policy);
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="referrer" content="no-referrer";
                    title { "revento doctor: " (self.sentence()) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    a.skip href="#results" { "Skip to the results" }
                    (self.head())
                    (self.contents())
                    main #results {
                        (self.summary())
                        (self.findings())
                        @for (family, _) in self.families() { (self.family(family)) }
                    }
                    footer {
                        p { "Made by revento doctor " (self.doctor_version) ". Tokens and secrets are replaced by their kind, in brackets. The ends of long bodies are left out." }
                    }
                }
            }
        };
        let PreEscaped(page) = page;
        page
    }

    fn head(&self) -> Markup {
        let verdict = match self.verdict() {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::NotTested => "untestable",
        };
        let framework = self.framework.map(Framework::name);
        html! {
            header class=(verdict) {
                p.brand { "revento doctor" }
                h1 { (capitalized(&self.sentence())) }
                dl.facts {
                    div { dt { "Began" } dd { (self.began_at) } }
                    div { dt { "Took" } dd { (format!("{:.1} s", self.duration.as_secs_f64())) } }
                    div { dt { "Seed" } dd { (self.seed) } }
                    @if let Some(framework) = framework { div { dt { "Framework" } dd { (framework) } } }
                }
            }
        }
    }

    fn contents(&self) -> Markup {
        html! {
            nav aria-label="Contents" {
                ul {
                    li { a href="#summary" { "Summary" } }
                    @if self.has_findings() { li { a href="#findings" { "What to mend" } } }
                    @for (family, _) in self.families() {
                        li { a href={ "#" (family.name()) } { (title(family)) } }
                    }
                }
            }
        }
    }

    fn summary(&self) -> Markup {
        let row = |name: Markup, counts: Counts| {
            html! {
                tr {
                    th scope="row" { (name) }
                    @for grade in Grade::ALL {
                        @let count = counts.of(grade);
                        td class=(if count == 0 { "none" } else { class(grade) }) { (count) }
                    }
                }
            }
        };
        html! {
            section aria-labelledby="summary" {
                h2 #summary { "Summary" }
                div.scroll tabindex="0" role="region" aria-labelledby="counts" {
                    table {
                        caption #counts { "Results by family" }
                        thead { tr {
                            th scope="col" { "Family" }
                            @for grade in Grade::ALL { th scope="col" { (capitalized(grade.name())) } }
                        } }
                        tbody {
                            @for (family, counts) in self.families() {
                                (row(html! { a href={ "#" (family.name()) } { (title(family)) } }, counts))
                            }
                        }
                        tfoot { (row(html! { "All" }, self.counts())) }
                    }
                }
                @if let Some(not_done) = self.not_done() { p.note { (not_done) "." } }
            }
        }
    }

    fn has_findings(&self) -> bool {
        let counts = self.counts();
        counts.failed + counts.warnings + counts.untestable > 0
    }

    /// The checks that somebody has to look at.
    fn findings(&self) -> Markup {
        if !self.has_findings() {
            return html! {};
        }
        html! {
            section aria-labelledby="findings" {
                h2 #findings { "What to mend" }
                @for grade in [Grade::Failed, Grade::Untestable, Grade::Warning] {
                    @for result in self.graded(grade) { (finding(result)) }
                }
            }
        }
    }

    fn family(&self, family: Family) -> Markup {
        html! {
            section aria-labelledby=(family.name()) {
                h2 id=(family.name()) { (title(family)) }
                ul.checks {
                    @for result in self.of_family(family) { li { (row(result)) } }
                }
            }
        }
    }
}

/// A check that failed or could not be completed, in full.
fn finding(result: &CheckResult) -> Markup {
    let check = result.check;
    let heading = format!("finding-{}", check.id);
    html! {
        article aria-labelledby=(heading) class=(class(result.grade())) {
            h3 id=(heading) { (mark(result.grade())) " " (prose(check.title)) }
            p.meta { code { (check.id) } " · " (severity(check.severity)) " · contract " (check.section) }
            (explanation(result))
            @if !result.evidence.is_empty() {
                details {
                    summary { "Evidence: " (exchanges(result)) span.hidden { " of " (check.id) } }
                    (evidence(&result.evidence))
                }
            }
        }
    }
}

/// A check in the list of its family.
fn row(result: &CheckResult) -> Markup {
    let check = result.check;
    let head =
        html! { (mark(result.grade())) " " span.title { (prose(check.title)) } " " code { (check.id) } };
    if matches!(result.grade(), Grade::Failed | Grade::Warning | Grade::Untestable) {
        return html! { p.row { (head) " " a href={ "#finding-" (check.id) } { "What to mend" span.hidden { " for " (check.id) } } } };
    }
    html! {
        details {
            summary { (head) }
            p.meta { (severity(check.severity)) " · contract " (check.section) " · " (format!("{:.1} s", result.duration.as_secs_f64())) }
            (explanation(result))
            @if !result.evidence.is_empty() {
                p { (exchanges(result)) ":" }
                (evidence(&result.evidence))
            }
        }
    }
}

fn explanation(result: &CheckResult) -> Markup {
    let check = result.check;
    html! {
        dl.explanation {
            @match &result.outcome {
                Outcome::Passed => {}
                Outcome::Failed { expected, got } => {
                    div { dt { "Expected" } dd { (text::lines(expected)) } }
                    div { dt { "Got" } dd { (text::lines(got)) } }
                    div { dt { "How to mend it" } dd { (prose(result.mend.as_deref().unwrap_or(check.mend))) "." } }
                }
                Outcome::NotChecked { reason, .. } => div { dt { "Not checked" } dd { (text::lines(reason)) } },
                Outcome::Skipped { because } => div { dt { "Skipped because" } dd { (text::lines(because)) } },
                Outcome::Untestable { reason } => div { dt { "Could not be completed" } dd { (text::lines(reason)) } },
            }
            div { dt { "Why it matters" } dd { (prose(check.why)) "." } }
        }
    }
}

/// A text of the catalogue: what is between backticks is code.
fn prose(text: &str) -> Markup {
    html! {
        @for (number, part) in text.split('`').enumerate() {
            @if number % 2 == 0 { (part) } @else { code { (part) } }
        }
    }
}

fn exchanges(result: &CheckResult) -> String {
    match result.evidence.len() {
        1 => "1 exchange".to_owned(),
        many => format!("{many} exchanges"),
    }
}

fn mark(grade: Grade) -> Markup {
    html! { span class={ "mark " (class(grade)) } { (capitalized(grade.name())) } }
}

fn class(grade: Grade) -> &'static str {
    match grade {
        Grade::Passed => "passed",
        Grade::Failed => "failed",
        Grade::Warning => "warning",
        Grade::Untestable => "untestable",
        Grade::NotChecked | Grade::Skipped => "not-done",
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Required => "required",
        Severity::Recommended => "recommended",
    }
}

fn title(family: Family) -> &'static str {
    match family {
        Family::Signature => "Signature of webhooks",
        Family::Delivery => "Delivery of webhooks",
        Family::Oauth => "OAuth",
        Family::Tokens => "Tokens",
        Family::Reading => "Reading",
        Family::Ending => "End of a connection",
        Family::Storage => "At rest and in logs",
        Family::Webview => "Pages in the platform's frame",
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
