//! The report as JUnit XML, for Jenkins, GitLab and everything else that shows test results.

use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};

use super::{CheckResult, Grade, Outcome, Report};
use crate::check::Severity;
use crate::text;

impl Report {
    /// The report as JUnit XML: a suite for each family, a test case for each check.
    ///
    /// A required check that failed is a `failure`, one that could not be completed an `error`. A recommended check that failed is
    /// `skipped`, with a message that begins with `warning`, because it must not fail a pipeline. Characters that XML cannot hold are
    /// left out.
    pub fn to_junit(&self) -> String {
        let mut document = quick_junit::Report::new("revento doctor");
        document.set_time(self.duration);
        for (family, _) in self.families() {
            let mut suite = TestSuite::new(family.name());
            suite.set_time(self.of_family(family).map(|result| result.duration).sum());
            suite.add_property(Property::new("seed", self.seed.to_string()));
            suite.add_property(Property::new("doctor_version", self.doctor_version));
            suite
                .extra
                .insert("timestamp".into(), self.began_at.as_str().into());
            suite.add_test_cases(self.of_family(family).map(case));
            document.add_test_suite(suite);
        }
        // The document is written to memory, and its texts are cleaned.
        document.to_string().unwrap_or_default()
    }
}

fn case(result: &CheckResult) -> TestCase {
    let check = result.check;
    let status = match (&result.outcome, result.grade()) {
        (Outcome::Passed, _) => TestCaseStatus::success(),
        (Outcome::Failed { expected, got }, grade) => {
            let message = format!("expected {}, got {}", text::line(expected), text::line(got));
            let mut status = if grade == Grade::Failed {
                TestCaseStatus::non_success(NonSuccessKind::Failure)
            } else {
                TestCaseStatus::skipped()
            };
            let prefix = if grade == Grade::Failed { "" } else { "warning: " };
            status.set_message(format!("{prefix}{message}"));
            status.set_type(check.id);
            status.set_description(details(result, expected, got));
            status
        }
        (Outcome::Untestable { reason }, _) if check.severity == Severity::Required => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(text::line(reason));
            status.set_type("untestable");
            status
        }
        (Outcome::Untestable { reason }, _) => skipped(&format!("could not be completed: {reason}")),
        (Outcome::NotChecked { reason, .. }, _) => skipped(&format!("not checked: {reason}")),
        (Outcome::Skipped { because }, _) => skipped(&format!("skipped because {because}")),
    };
    let mut case = TestCase::new(check.id, status);
    case.set_classname(format!("revento-doctor.{}", check.family.name()));
    case.set_time(result.duration);
    case
}

fn skipped(message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(text::line(message));
    status
}

fn details(result: &CheckResult, expected: &str, got: &str) -> String {
    let check = result.check;
    let mut lines = vec![
        format!("{} (contract {}).", check.title, check.section),
        format!("expected: {}", text::line(expected)),
        format!("got:      {}", text::line(got)),
        format!("mend:     {}", result.mend.as_deref().unwrap_or(check.mend)),
        format!("why:      {}", check.why),
    ];
    if let Some(exchange) = result.telling_exchange() {
        lines.push(format!("repeat:   {}", text::line(&exchange.curl())));
    }
    lines.join("\n")
}
