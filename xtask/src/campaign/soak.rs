//! The quickstart and the mirror, again and again.

use std::process::Command;

use anyhow::Result;

use super::{Home, Part, Step, trial};
use crate::{soak, trials};

const RUNS: u32 = 10;
const DAYS: u32 = 30;
const PEOPLE: u32 = 2_000;

/// `revento quickstart --headless`.
#[derive(Debug)]
pub(super) struct Quickstart;

impl Part for Quickstart {
    fn name(&self) -> String {
        "soak-quickstart".to_owned()
    }

    fn title(&self) -> String {
        "`soak quickstart`: the command's tour through connecting, signing in, webhooks and refreshing, in an empty folder".to_owned()
    }

    fn unit(&self) -> &'static str {
        "tours"
    }

    fn goal(&self) -> u64 {
        500
    }

    fn goes_on(&self) -> bool {
        true
    }

    fn prepare(&self) -> Result<()> {
        soak::build(false).map(drop)
    }

    fn step(&self, _home: &Home, _number: u64) -> Result<Step> {
        let program = soak::build(false)?;
        let mut step = Step::default();
        for _ in 0..RUNS {
            match soak::quickstart(&program) {
                Ok(walked) => {
                    step.done += 1;
                    step.counts.push(("refreshes".to_owned(), walked.refreshes));
                }
                Err(error) => {
                    crate::interrupt::check()?;
                    step.findings.push(format!("{error:#}"));
                }
            }
        }
        Ok(step)
    }
}

/// A mirror through a month of changes and faults.
#[derive(Debug)]
pub(super) struct Mirror;

impl Part for Mirror {
    fn name(&self) -> String {
        "soak-mirror".to_owned()
    }

    fn title(&self) -> String {
        format!(
            "`soak mirror`: {DAYS} days of changes to {PEOPLE} participants, with faults, under a virtual clock"
        )
    }

    fn unit(&self) -> &'static str {
        "months"
    }

    fn goal(&self) -> u64 {
        100
    }

    fn goes_on(&self) -> bool {
        true
    }

    fn prepare(&self) -> Result<()> {
        trials::build(false).map(drop)
    }

    fn step(&self, _home: &Home, number: u64) -> Result<Step> {
        let mut command = Command::new(trials::build(false)?);
        command.arg("mirror");
        command.args(["--days", &DAYS.to_string(), "--people", &PEOPLE.to_string()]);
        let seed = (number + 1).to_string();
        let (documents, failure) = trial::run(command.args(["--seed", &seed]))?;
        let failure = failure.map(|text| format!("seed {seed}: {text}"));
        Ok(trial::step(u64::from(failure.is_none()), &documents, failure))
    }
}
