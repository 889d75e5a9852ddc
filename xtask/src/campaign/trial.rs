//! Runs a program that prints JSON among its lines, and reads what it counted.

use std::process::Command;

use anyhow::Result;
use serde_json::Value;

use super::Step;
use crate::process::{self, tail};

/// The documents of the output, and the end of the output if the program failed.
pub(super) fn run(command: &mut Command) -> Result<(Vec<Value>, Option<String>)> {
    let output = process::output(command)?;
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let documents = text
        .lines()
        .filter(|line| line.starts_with('{'))
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let failure = (!output.status.success()).then(|| tail(&text, 20));
    Ok((documents, failure))
}

/// The step of a trial: the numbers of its documents are added up, except `kills`, which is what `done` has.
pub(super) fn step(done: u64, documents: &[Value], failure: Option<String>) -> Step {
    let mut step = Step {
        done,
        findings: failure.into_iter().collect(),
        ..Step::default()
    };
    for (name, value) in documents.iter().filter_map(Value::as_object).flatten() {
        if let (Some(count), true) = (value.as_u64(), name != "kills") {
            step.counts.push((name.replace('_', " "), count));
        }
    }
    step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_trial_is_a_finding_with_what_it_counted() {
        let script =
            "echo building; echo '{\"kills\":7,\"refreshes\":3,\"findings\":[\"a\"]}'; echo lost; exit 1";
        let (documents, failure) = run(Command::new("sh").args(["-c", script])).unwrap();
        let step = step(7, &documents, failure);
        assert_eq!(step.done, 7);
        assert_eq!(step.counts, [("refreshes".to_owned(), 3)]);
        assert!(step.findings[0].ends_with("lost"), "{step:?}");
    }

    #[test]
    fn a_trial_that_passed_found_nothing() {
        let (documents, failure) = run(Command::new("echo").arg("{\"days\":4}")).unwrap();
        assert!(step(1, &documents, failure).findings.is_empty());
    }
}
