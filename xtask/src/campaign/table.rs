//! Writes the counts into `docs/evidence.md`, between two marks. The text around them is written by hand.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::Part;
use super::coverage::{BRANCHES, LINES, REGIONS};
use super::mutants::{CAUGHT, SURVIVED, TIMEOUT};
use super::record::{Home, Record};
use crate::clock::human;
use crate::workspace::root;

const BEGIN: &str = "<!-- campaign: begin -->\n";
const END: &str = "<!-- campaign: end -->";

pub(super) fn write(home: &Home, parts: &[Box<dyn Part>]) -> Result<()> {
    let path = root()?.join("docs/evidence.md");
    let text = fs::read_to_string(&path)?;
    Ok(fs::write(&path, replaced(&text, &tables(home, parts)?)?)?)
}

fn replaced(text: &str, tables: &str) -> Result<String> {
    let (before, rest) = text
        .split_once(BEGIN)
        .context("docs/evidence.md has no begin mark")?;
    let (_, after) = rest.split_once(END).context("docs/evidence.md has no end mark")?;
    Ok(format!("{before}{BEGIN}\n{tables}\n{END}{after}"))
}

/// A row for each part and commit, then the findings, then the coverage.
fn tables(home: &Home, parts: &[Box<dyn Part>]) -> Result<String> {
    let mut text = "| what | commit | date | machine time | done | counted | findings |\n|---|---|---|---|---|---|---|\n".to_owned();
    let mut findings = String::new();
    let mut coverage = String::new();
    for part in parts {
        for (commit, record) in home.all(&part.name())? {
            let _ = writeln!(
                text,
                "| {} | `{commit}` | {} | {} | {} | {} | {} |",
                part.title(),
                dates(&record),
                human(Duration::from_secs(record.seconds)),
                done(part.as_ref(), &record),
                counted(&record),
                record.findings.len(),
            );
            for finding in &record.findings {
                let line = finding.lines().collect::<Vec<_>>().join(" / ");
                let _ = writeln!(
                    findings,
                    "- {} at `{commit}`: `{}`",
                    part.name(),
                    line.replace('`', "'")
                );
            }
            if coverage.is_empty() {
                coverage = covered(&record);
            }
        }
    }
    if !findings.is_empty() {
        let _ = write!(text, "\nFindings:\n\n{findings}");
    }
    if !coverage.is_empty() {
        let _ = write!(text, "\nCoverage of the newest run:\n\n{coverage}");
    }
    Ok(text)
}

fn dates(record: &Record) -> String {
    if record.first == record.last {
        record.last.clone()
    } else {
        format!("{} to {}", record.first, record.last)
    }
}

/// Mutation tests have a score; everything else has an amount.
fn done(part: &dyn Part, record: &Record) -> String {
    let count = |name| record.counts.get(name).copied().unwrap_or_default();
    let killed = count(CAUGHT) + count(TIMEOUT);
    let all = killed + count(SURVIVED);
    let amount = if record.done < part.goal() {
        format!(
            "{} of {} {}",
            grouped(record.done),
            grouped(part.goal()),
            part.unit()
        )
    } else {
        format!("{} {}", grouped(record.done), part.unit())
    };
    if all == 0 {
        return amount;
    }
    format!("score {}; {amount}", percent(killed, all))
}

fn counted(record: &Record) -> String {
    let counts = record.counts.iter().filter(|(name, _)| !is_coverage(name));
    let texts: Vec<_> = counts
        .map(|(name, count)| format!("{} {name}", grouped(*count)))
        .collect();
    texts.join(", ")
}

fn is_coverage(name: &str) -> bool {
    let kind = name.split(' ').next();
    kind.is_some_and(|kind| [LINES, REGIONS, BRANCHES].contains(&kind))
}

/// The table of [`super::coverage`]'s counts. Empty for another part.
fn covered(record: &Record) -> String {
    let packages: BTreeSet<&str> = record
        .counts
        .keys()
        .filter_map(|name| name.strip_prefix(LINES)?.strip_suffix(" all"))
        .map(str::trim)
        .collect();
    if packages.is_empty() {
        return String::new();
    }
    let mut text = "| crate | lines | regions | branches |\n|---|---|---|---|\n".to_owned();
    let mut sums = [(0, 0); 3];
    for package in packages {
        let shares = [LINES, REGIONS, BRANCHES].map(|kind| share(record, kind, package));
        for (sum, (covered, all)) in sums.iter_mut().zip(shares) {
            *sum = (sum.0 + covered, sum.1 + all);
        }
        text.push_str(&row(package, shares));
    }
    text.push_str(&row("all", sums));
    text
}

fn share(record: &Record, kind: &str, package: &str) -> (u64, u64) {
    let count = |what| {
        let name = format!("{kind} {package} {what}");
        record.counts.get(&name).copied().unwrap_or_default()
    };
    (count("covered"), count("all"))
}

fn row(name: &str, shares: [(u64, u64); 3]) -> String {
    format!("| {name} | {} |\n", shares.map(shown).join(" | "))
}

fn shown((covered, all): (u64, u64)) -> String {
    if all == 0 {
        return "–".to_owned();
    }
    format!(
        "{} ({} of {})",
        percent(covered, all),
        grouped(covered),
        grouped(all)
    )
}

fn percent(part: u64, all: u64) -> String {
    format!("{:.1} %", part as f64 / all as f64 * 100.0)
}

/// `1 234 567`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::{Step, parts};

    #[test]
    fn the_text_around_the_tables_stays() {
        let text = format!("before\n{BEGIN}old{END}\nafter");
        let once = replaced(&text, "new").unwrap();
        assert_eq!(once, format!("before\n{BEGIN}\nnew\n{END}\nafter"));
        assert_eq!(replaced(&once, "new").unwrap(), once);
        assert!(replaced("no marks", "new").is_err());
    }

    #[test]
    fn a_score_counts_mutants_that_compile_and_findings_are_listed() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path(), "abc");
        let mut record = Record::default();
        let step = Step {
            done: 12,
            counts: vec![
                (CAUGHT.to_owned(), 1_900),
                (SURVIVED.to_owned(), 100),
                ("do not compile".to_owned(), 5),
            ],
            findings: vec!["survived: a\nb".to_owned()],
        };
        record.add(step, Duration::from_secs(61), "2026-01-02");
        home.write("mutants-revento-oauth", &record).unwrap();
        let text = tables(&home, &parts()).unwrap();
        assert!(
            text.contains("| `abc` | 2026-01-02 | 1 min 01 s | score 95.0 %; 12 shards | 5 do not compile, 1 900 killed by a test, 100 survived | 1 |"),
            "{text}"
        );
        assert!(text.contains("at `abc`: `survived: a / b`"), "{text}");
    }

    #[test]
    fn coverage_has_a_row_for_each_crate_and_a_sum() {
        let mut record = Record::default();
        let counts = [
            ("lines a covered", 1),
            ("lines a all", 2),
            ("lines b covered", 2_000),
            ("lines b all", 2_000),
            ("regions a covered", 3),
            ("regions a all", 4),
        ];
        record
            .counts
            .extend(counts.map(|(name, count)| (name.to_owned(), count)));
        let text = covered(&record);
        assert!(
            text.contains("| a | 50.0 % (1 of 2) | 75.0 % (3 of 4) | – |"),
            "{text}"
        );
        assert!(text.contains("| all | 100.0 % (2 001 of 2 002) |"), "{text}");
        assert_eq!(counted(&record), "");
    }
}
