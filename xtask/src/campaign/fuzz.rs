//! Fuzzing of every target, with and without guidance by coverage.

use anyhow::{Context as _, Result};

use super::{Home, Part, Step};
use crate::fuzz::{self, targets};
use crate::process::{self, tail};

const SECONDS: u64 = 30;

/// libFuzzer, which keeps the inputs that reach new code. The next step starts from them.
#[derive(Debug)]
pub(super) struct Guided;

impl Part for Guided {
    fn name(&self) -> String {
        "fuzz-guided".to_owned()
    }

    fn title(&self) -> String {
        "`fuzz --minutes`: libFuzzer, guided by coverage, each target for the same time".to_owned()
    }

    fn unit(&self) -> &'static str {
        "executions"
    }

    fn goal(&self) -> u64 {
        20_000_000
    }

    fn goes_on(&self) -> bool {
        true
    }

    fn step(&self, _home: &Home, number: u64) -> Result<Step> {
        let targets = targets()?;
        let turn = usize::try_from(number)? % targets.len();
        let target = targets.get(turn).context("no targets")?;
        let output = process::output(fuzz::guided(target, SECONDS)?.arg("-print_final_stats=1"))?;
        let told = String::from_utf8_lossy(&output.stderr);
        let executions = executions(&told).with_context(|| tail(&told, 20))?;
        let failure = (!output.status.success()).then(|| format!("{target}: {}", tail(&told, 30)));
        Ok(Step {
            done: executions,
            counts: vec![(target.clone(), executions)],
            findings: failure.into_iter().collect(),
        })
    }
}

/// `stat::number_of_executed_units: 123`
fn executions(text: &str) -> Option<u64> {
    let (_, rest) = text.rsplit_once("stat::number_of_executed_units:")?;
    rest.lines().next()?.trim().parse().ok()
}

/// Mutations of the corpus that git tracks, with any compiler.
#[derive(Debug)]
pub(super) struct Mutated;

impl Part for Mutated {
    fn name(&self) -> String {
        "fuzz-mutated".to_owned()
    }

    fn title(&self) -> String {
        "`fuzz`: random mutations of the corpus, each target for the same time".to_owned()
    }

    fn unit(&self) -> &'static str {
        "executions"
    }

    fn goal(&self) -> u64 {
        100_000_000
    }

    fn goes_on(&self) -> bool {
        true
    }

    fn step(&self, _home: &Home, _number: u64) -> Result<Step> {
        let output = process::output(&mut fuzz::mutating(SECONDS / 3)?)?;
        let said = String::from_utf8_lossy(&output.stdout);
        let counts = inputs(&said);
        let failure = (!output.status.success()).then(|| tail(&said, 30));
        Ok(Step {
            done: counts.iter().map(|(_, count)| count).sum(),
            counts,
            findings: failure.into_iter().collect(),
        })
    }
}

/// The driver's lines: `cookies: 123 inputs from seed 4`.
fn inputs(text: &str) -> Vec<(String, u64)> {
    let lines = text
        .lines()
        .filter_map(|line| line.split_once(" inputs from seed "));
    lines
        .filter_map(|(line, _)| {
            let (target, count) = line.split_once(": ")?;
            Some((target.to_owned(), count.parse().ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_of_both_drivers_are_read() {
        let text = "#4 DONE\nstat::number_of_executed_units: 4711\nstat::average_exec_per_sec:     9\n";
        assert_eq!(executions(text), Some(4711));
        assert_eq!(executions("no statistics"), None);
        let text = "cookies: 12 inputs from seed 3\npages: 30 inputs from seed 4\npages panics at \"x\"\n";
        assert_eq!(
            inputs(text),
            [("cookies".to_owned(), 12), ("pages".to_owned(), 30)]
        );
    }
}
