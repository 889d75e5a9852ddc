//! The model of the refresh protocol, searched as deeply as `cargo xtask model` does.

use std::process::Command;

use anyhow::Result;

use super::{Home, Part, Step};
use crate::model;
use crate::process::{self, tail};

#[derive(Debug)]
pub(super) struct Model;

impl Part for Model {
    fn name(&self) -> String {
        "model".to_owned()
    }

    fn title(&self) -> String {
        "`model`: every order of the steps of the refresh protocol, and six broken variants that it has to refuse".to_owned()
    }

    fn unit(&self) -> &'static str {
        "searches"
    }

    fn goal(&self) -> u64 {
        1
    }

    /// Another search visits the same states.
    fn goes_on(&self) -> bool {
        false
    }

    fn step(&self, _home: &Home, _number: u64) -> Result<Step> {
        let mut command: Command = model::search()?;
        let output = process::output(&mut command)?;
        let text = String::from_utf8_lossy(&output.stdout);
        let states = states(&text);
        let failure = if output.status.success() {
            None
        } else {
            let told = String::from_utf8_lossy(&output.stderr);
            Some(format!("{}\n{}", tail(&text, 20), tail(&told, 20)))
        };
        Ok(Step {
            done: 1,
            counts: vec![("states".to_owned(), states)],
            findings: failure.into_iter().collect(),
        })
    }
}

/// The sum of the states that the searches print: `name: 123 states, up to …`.
fn states(text: &str) -> u64 {
    let before = text.lines().filter_map(|line| line.split_once(" states, up to "));
    before
        .filter_map(|(line, _)| line.rsplit(' ').next()?.parse::<u64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_of_all_searches_are_added() {
        let text = "test a ... two replicas: 120 states, up to 9 steps: every property holds\nok\nthree: 30 states, up to 4 steps";
        assert_eq!(states(text), 150);
    }
}
