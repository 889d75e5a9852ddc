//! The doctor finds each mistake, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::Command;

use futures_util::StreamExt as _;
use revento_doctor::{Family, Outcome, Report, catalogue};

use crate::examination::{examine, what};
use crate::implies::{IMPLIES, Implies};
use crate::integration::PROGRAM;

/// How many examinations run at once. They mostly wait.
const AT_ONCE: usize = 8;

/// The mistakes that the integration can make.
fn mistakes() -> BTreeSet<String> {
    let output = Command::new(PROGRAM).arg("--list").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect()
}

/// `REVENTO_TEST_MISTAKES` may name parts of the ids to try.
fn is_chosen(id: &str) -> bool {
    let chosen = std::env::var("REVENTO_TEST_MISTAKES").unwrap_or_default();
    chosen.is_empty() || chosen.split(',').any(|part| id.contains(part))
}

#[test]
fn every_check_has_its_mistake_and_every_mistake_its_check() {
    let checks: BTreeSet<String> = catalogue().map(|check| check.id.to_owned()).collect();
    let mistakes = mistakes();
    let missing: Vec<_> = checks.difference(&mistakes).collect();
    let unknown: Vec<_> = mistakes.difference(&checks).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "checks without a mistake: {missing:#?}\nmistakes without a check: {unknown:#?}"
    );
    let families = Family::ALL.map(Family::name);
    for implies in IMPLIES {
        assert!(checks.contains(implies.mistake), "{}", implies.mistake);
        assert!(!implies.because.is_empty());
        for name in implies.fails.iter().chain(implies.blocks) {
            assert!(
                checks.contains(*name) || families.contains(name),
                "{}: {name}",
                implies.mistake
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_integration_without_mistakes_passes_every_check() {
    let report = examine("").await.unwrap();
    let slow = report
        .results
        .iter()
        .filter(|result| result.duration.as_millis() > 1500);
    let slow: Vec<_> = slow.map(|result| (result.check.id, result.duration)).collect();
    println!(
        "{} checks in {:?}; the slow ones: {slow:#?}",
        report.results.len(),
        report.duration
    );
    let findings = report
        .results
        .iter()
        .filter(|result| result.outcome != Outcome::Passed);
    let findings: Vec<_> = findings.map(|result| (result.check.id, what(result))).collect();
    assert!(findings.is_empty(), "{findings:#?}");
    assert_eq!(report.exit_code(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_mistake_is_found_and_nothing_else() {
    let chosen: Vec<String> = mistakes().into_iter().filter(|id| is_chosen(id)).collect();
    let runs = chosen.into_iter().map(|id| async move {
        let report = examine(&id).await;
        (id, report)
    });
    let runs = futures_util::stream::iter(runs.map(|run| async { tokio::spawn(run).await.unwrap() }));
    let mut wrong = BTreeMap::new();
    let mut runs = runs.buffer_unordered(AT_ONCE);
    while let Some((id, report)) = runs.next().await {
        let problem = match report {
            Ok(report) => judge(&id, &report),
            Err(error) => Some(format!("  {error}\n")),
        };
        wrong.extend(problem.map(|problem| (id, problem)));
    }
    let text: String = wrong.iter().map(|(id, text)| format!("{id}:\n{text}")).collect();
    assert!(
        wrong.is_empty(),
        "{} mistakes are not judged as they should be:\n{text}",
        wrong.len()
    );
}

/// What is wrong with a report about one mistake.
fn judge(id: &str, report: &Report) -> Option<String> {
    println!("{id}: {} s", report.duration.as_secs());
    let implies = Implies::of(id);
    let expected: BTreeSet<&str> = implies.fails.iter().copied().chain([id]).collect();
    let mut text = String::new();
    for result in &report.results {
        let check = result.check.id;
        match (&result.outcome, expected.contains(check)) {
            (Outcome::Failed { .. }, true) | (Outcome::Passed, false) => {}
            (Outcome::Passed, true) => drop(writeln!(text, "  missed: {check}")),
            _ if implies.blocks(result) => {}
            _ => drop(writeln!(text, "  {check}: {}", what(result))),
        }
    }
    (!text.is_empty()).then_some(text)
}
