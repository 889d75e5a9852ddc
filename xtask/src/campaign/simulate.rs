//! Simulated worlds, each with a seed that no earlier step had.

use std::process::Command;

use anyhow::Result;

use super::trial;
use super::{Home, Part, Step};
use crate::trials;

const WORLDS: u64 = 500;

#[derive(Debug)]
pub(super) struct Simulate;

impl Part for Simulate {
    fn name(&self) -> String {
        "simulate".to_owned()
    }

    fn title(&self) -> String {
        "`simulate`: three replicas and the sandbox, months of faults under a virtual clock".to_owned()
    }

    fn unit(&self) -> &'static str {
        "worlds"
    }

    fn goal(&self) -> u64 {
        100_000
    }

    fn goes_on(&self) -> bool {
        true
    }

    fn prepare(&self) -> Result<()> {
        trials::build(false).map(drop)
    }

    fn step(&self, _home: &Home, number: u64) -> Result<Step> {
        let mut command = Command::new(trials::build(false)?);
        command.args(["simulate", "--json"]);
        command.args(["--seeds", &WORLDS.to_string()]);
        command.args(["--first", &(number * WORLDS).to_string()]);
        // A step with a finding stops early, so its worlds do not count.
        let (documents, failure) = trial::run(&mut command)?;
        let done = if failure.is_none() { WORLDS } else { 0 };
        Ok(trial::step(done, &documents, failure))
    }
}
