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

/// How many examinations are made if nothing else is asked for.
const SMOKE: usize = 6;

/// The mistakes that the integration can make.
fn mistakes() -> BTreeSet<String> {
    let output = Command::new(PROGRAM).arg("--list").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect()
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
    let mut report = examine("").await.unwrap();
    if report
        .results
        .iter()
        .any(|result| result.outcome != Outcome::Passed)
    {
        // On a busy machine an integration can be too slow for a check.
        report = examine("").await.unwrap();
    }
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
    let runs = groups().into_iter().map(|mistakes| async move {
        let report = examine(&mistakes.join(",")).await;
        (mistakes, report)
    });
    let runs = futures_util::stream::iter(runs.map(|run| async { tokio::spawn(run).await.unwrap() }));
    let mut doubtful = Vec::new();
    let mut runs = runs.buffer_unordered(AT_ONCE);
    while let Some((mistakes, report)) = runs.next().await {
        if let Some(problem) = problem(&mistakes, report) {
            println!("doubtful: {}:\n{problem}", mistakes.join(", "));
            doubtful.push(mistakes);
        }
    }
    // On a busy machine an integration can be too slow for a check. So what was doubtful is examined again, with nothing beside it.
    let mut wrong = BTreeMap::new();
    for mistakes in doubtful {
        let report = examine(&mistakes.join(",")).await;
        let problem = problem(&mistakes, report);
        wrong.extend(problem.map(|problem| (mistakes.join(", "), problem)));
    }
    let text: String = wrong
        .iter()
        .map(|(mistakes, text)| format!("{mistakes}:\n{text}"))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} examinations do not find what they should:\n{text}",
        wrong.len()
    );
}

/// Families whose mistakes do not meet: one mistake of each shares an examination, which saves most of the time. The doctor has
/// to find all of them, and nothing else.
const TOGETHER: [[Family; 4]; 2] = [
    [Family::Signature, Family::Oauth, Family::Reading, Family::Storage],
    [Family::Delivery, Family::Tokens, Family::Ending, Family::Webview],
];

/// Which mistakes are made together. Those that touch other checks are made alone, and first, because they take longest.
///
/// By default these are a few of the groups. `cargo xtask mistakes` asks for all of them, or for those whose ids contain a text, each
/// alone: by `REVENTO_TEST_MISTAKES`.
fn groups() -> Vec<Vec<String>> {
    let chosen = std::env::var("REVENTO_TEST_MISTAKES").unwrap_or_default();
    match chosen.as_str() {
        "all" => all_groups(),
        "" => {
            let groups: Vec<_> = all_groups().into_iter().filter(|group| group.len() > 1).collect();
            let step = (groups.len() / SMOKE).max(1);
            groups.into_iter().step_by(step).take(SMOKE).collect()
        }
        parts => {
            let parts: Vec<&str> = parts.split(',').collect();
            let chosen = mistakes().into_iter();
            let chosen = chosen.filter(|id| parts.iter().any(|part| id.contains(part)));
            chosen.map(|id| vec![id]).collect()
        }
    }
}

fn all_groups() -> Vec<Vec<String>> {
    let all = mistakes().into_iter();
    let (alone, others): (Vec<String>, Vec<String>) = all.partition(|id| Implies::is_alone(id));
    let mut groups: Vec<Vec<String>> = alone.into_iter().map(|id| vec![id]).collect();
    for families in TOGETHER {
        let rows = families.map(|family| {
            let mistakes = others.iter().filter(|id| id.starts_with(family.name()));
            mistakes.collect::<Vec<_>>()
        });
        let longest = rows.iter().map(Vec::len).max().unwrap();
        groups.extend((0..longest).map(|place| {
            let row = rows.iter().filter_map(|row| row.get(place));
            row.map(|id| (*id).clone()).collect()
        }));
    }
    groups
}

/// What is wrong with an examination of these mistakes.
fn problem(mistakes: &[String], report: Result<Report, String>) -> Option<String> {
    match report {
        Ok(report) => judge(mistakes, &report),
        Err(error) => Some(format!("  {error}\n")),
    }
}

/// What is wrong with a report about these mistakes.
fn judge(mistakes: &[String], report: &Report) -> Option<String> {
    println!("{}: {} s", mistakes.join(", "), report.duration.as_secs());
    let implied: Vec<&Implies> = mistakes.iter().map(|mistake| Implies::of(mistake)).collect();
    let mut expected: BTreeSet<&str> = mistakes.iter().map(String::as_str).collect();
    expected.extend(implied.iter().flat_map(|implies| implies.fails));
    let mut text = String::new();
    for result in &report.results {
        let check = result.check.id;
        match (&result.outcome, expected.contains(check)) {
            (Outcome::Failed { .. }, true) | (Outcome::Passed, false) => {}
            (Outcome::Passed, true) => drop(writeln!(text, "  missed: {check}")),
            _ if implied.iter().any(|implies| implies.blocks(result)) => {}
            _ => drop(writeln!(text, "  {check}: {}", what(result))),
        }
    }
    (!text.is_empty()).then_some(text)
}
