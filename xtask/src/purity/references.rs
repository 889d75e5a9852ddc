//! What the repository cites exists: sections of the contract, invariants, and the case codes in the names of tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::check::Violation;
use crate::process;

const CONTRACT: &str = "docs/contract.md";
const INVARIANTS: &str = "docs/invariants.md";
const CASES: &str = "docs/cases.md";

/// What ends the line of a case that no test covers; the reason follows.
const NO_TEST: &str = "(no test: ";

/// Checks every Rust and Markdown file that git tracks.
pub(super) fn check(root: &Path) -> Result<Vec<Violation>> {
    let read = |name: &str| fs::read_to_string(root.join(name)).with_context(|| name.to_owned());
    let sections = sections(&read(CONTRACT)?);
    let invariants = invariants(&read(INVARIANTS)?);
    let cases = cases(&read(CASES)?);
    let mut violations = Vec::new();
    let mut tested: BTreeMap<String, String> = BTreeMap::new();
    for name in tracked(root)? {
        // A file that is deleted and not yet committed.
        let Ok(text) = fs::read_to_string(root.join(&name)) else {
            continue;
        };
        for (number, line) in (1..).zip(text.lines()) {
            let place = format!("{name}:{number}");
            let mut complain = |what: String, file: &str| {
                violations.push(Violation::Code {
                    place: place.clone(),
                    why: format!("{what} is not in {file}"),
                });
            };
            for section in cited(line, "ontract §", "§") {
                if !sections.contains(&section) {
                    complain(format!("contract §{section}"), CONTRACT);
                }
            }
            for invariant in cited(line, "nvariant ", "")
                .into_iter()
                .chain(cited(line, "nvariants ", ""))
            {
                if is_code(&invariant) && !invariants.contains(&invariant) {
                    complain(format!("invariant {invariant}"), INVARIANTS);
                }
            }
            if name.ends_with(".rs") {
                for code in codes_of_test(line) {
                    if !cases.contains_key(&code) {
                        complain(format!("case {code}"), CASES);
                    }
                    tested.entry(code).or_insert_with(|| place.clone());
                }
            }
        }
    }
    violations.extend(wrong_about_tests(&cases, &tested));
    Ok(violations)
}

/// Cases without a test that do not say so, and cases with a test that say they have none.
fn wrong_about_tests(cases: &BTreeMap<String, Case>, tested: &BTreeMap<String, String>) -> Vec<Violation> {
    let wrong = cases.iter().filter_map(|(code, case)| {
        let why = match (tested.get(code), case.has_test) {
            (None, true) => {
                format!("no test's name has the code {code}: write one, or say why there is none")
            }
            (Some(place), false) => format!("{code} has a test ({place}): take out `{NO_TEST}…)`"),
            _ => return None,
        };
        Some(Violation::Code {
            place: format!("{CASES}:{}", case.line),
            why,
        })
    });
    wrong.collect()
}

fn tracked(root: &Path) -> Result<Vec<String>> {
    let mut git = std::process::Command::new("git");
    git.current_dir(root).args(["ls-files", "*.rs", "*.md"]);
    Ok(process::stdout(&mut git)?.lines().map(str::to_owned).collect())
}

/// The numbers of the contract's headings: `## 2. OAuth`, `### 2.1 Authorization request`.
fn sections(contract: &str) -> Vec<String> {
    let headings = contract.lines().filter(|line| line.starts_with("##"));
    let numbers = headings.filter_map(|line| line.trim_start_matches('#').trim_start().split(' ').next());
    numbers
        .map(|number| number.trim_end_matches('.').to_owned())
        .collect()
}

/// The first cells of the tables.
fn invariants(page: &str) -> Vec<String> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| "));
    let cells = rows.filter_map(|row| row.split(' ').next());
    cells.filter(|cell| is_code(cell)).map(str::to_owned).collect()
}

struct Case {
    line: usize,
    has_test: bool,
}

/// The list items that begin with a code.
fn cases(page: &str) -> BTreeMap<String, Case> {
    let items = (1..)
        .zip(page.lines())
        .filter_map(|(number, line)| Some((number, line.strip_prefix("- ")?)));
    let cases = items.filter_map(|(line, item)| {
        let code = item.split(' ').next().filter(|code| is_code(code))?;
        let has_test = !item.contains(NO_TEST);
        Some((code.to_owned(), Case { line, has_test }))
    });
    cases.collect()
}

/// A capital letter and a number.
fn is_code(text: &str) -> bool {
    let mut characters = text.chars();
    let digits = characters.clone().skip(1).filter(char::is_ascii_digit).count();
    characters.next().is_some_and(|first| first.is_ascii_uppercase())
        && digits > 0
        && digits + 1 == text.len()
}

/// What a line cites after `marker`: one, or several joined by commas, "and", "or" and "to", each with `prefix` in front.
fn cited(line: &str, marker: &str, prefix: &str) -> Vec<String> {
    let mut cited = Vec::new();
    for (start, found) in line.match_indices(marker) {
        let mut rest = line.get(start + found.len()..).unwrap_or_default();
        loop {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '.')
                .unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            let word = word.trim_end_matches('.');
            if word.is_empty() {
                break;
            }
            cited.push(word.to_owned());
            let joined = [", ", " and ", " or ", " to ", "–"]
                .iter()
                .find_map(|joint| behind.strip_prefix(joint));
            match joined.and_then(|next| next.strip_prefix(prefix)) {
                Some(next) if next.starts_with(|c: char| c.is_ascii_digit()) || is_coded(next) => rest = next,
                _ => break,
            }
        }
    }
    cited
}

fn is_coded(text: &str) -> bool {
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(text.len());
    text.get(..end).is_some_and(is_code)
}

/// `fn w13_q1_…(` has the codes W13 and Q1. `fn s3_5_…(` names a section of the contract and has none.
fn codes_of_test(line: &str) -> Vec<String> {
    let Some((_, name)) = line.split_once("fn ") else {
        return Vec::new();
    };
    let is_number = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    let parts: Vec<&str> = name.split('_').collect();
    let coded = parts.iter().take_while(|part| {
        is_code(&part.to_ascii_uppercase()) && part.starts_with(|c: char| c.is_ascii_lowercase())
    });
    let codes: Vec<String> = coded.map(|part| part.to_ascii_uppercase()).collect();
    match parts.get(codes.len()) {
        Some(next) if is_number(next) => Vec::new(),
        Some(_) => codes,
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn citations_are_found_alone_and_in_lists() {
        let sections = |line| cited(line, "ontract §", "§");
        assert_eq!(sections("(contract §3.5)"), ["3.5"]);
        assert_eq!(sections("Contract §4.2 and §4.3, RFC 6749 §5.1"), ["4.2", "4.3"]);
        assert_eq!(sections("see contract §4."), ["4"]);
        assert!(sections("RFC 6749 §5.1").is_empty());
        assert_eq!(cited("(invariants T1 and T2)", "nvariants ", ""), ["T1", "T2"]);
        assert_eq!(cited("invariant T2: salvage", "nvariant ", ""), ["T2"]);
    }

    #[test]
    fn codes_are_read_from_the_names_of_tests() {
        assert_eq!(codes_of_test("async fn d10_w23_a_rejection() {"), ["D10", "W23"]);
        assert!(codes_of_test("fn s3_5_invalid_token() {").is_empty());
        assert!(codes_of_test("fn a_name() {").is_empty());
        assert!(codes_of_test("fn v1() {").is_empty());
    }

    #[test]
    fn headings_rows_and_items_are_read() {
        assert_eq!(sections("# T\n## 2. OAuth\n### 2.1 Request\n"), ["2", "2.1"]);
        assert_eq!(
            invariants("| rule | meaning |\n|---|---|\n| T1 | once |\n"),
            ["T1"]
        );
        let cases = cases("- W1 A vector.\n- L1 Short URLs. (no test: no `listen`)\n- text\n");
        assert_eq!(
            cases
                .iter()
                .map(|(code, case)| (code.as_str(), case.has_test))
                .collect::<Vec<_>>(),
            [("L1", false), ("W1", true)]
        );
    }

    #[test]
    fn a_case_and_its_test_agree() {
        let cases = cases("- W1 A vector.\n- L1 Short. (no test: later)\n");
        let none = wrong_about_tests(&cases, &BTreeMap::from([("W1".to_owned(), "a.rs:1".to_owned())]));
        assert!(none.is_empty());
        let both = wrong_about_tests(&cases, &BTreeMap::from([("L1".to_owned(), "a.rs:1".to_owned())]));
        assert_eq!(both.len(), 2);
    }
}
