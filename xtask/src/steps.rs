//! Runs steps one after the other: each with a heading and a duration, and a table at the end.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::clock::{Stopwatch, human};
use crate::interrupt;

/// Collects the results of steps. A failed step does not stop the others, so that one run shows every failure.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    done: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    name: &'static str,
    duration: Duration,
    passed: bool,
}

impl Steps {
    /// Runs one step. Only an interruption is returned as an error.
    pub(crate) fn run(&mut self, name: &'static str, step: impl FnOnce() -> Result<()>) -> Result<()> {
        println!("\n── {name} ──");
        let watch = Stopwatch::start();
        let result = step();
        let duration = watch.elapsed();
        interrupt::check()?;
        match &result {
            Ok(()) => println!("── {name}: passed in {}", human(duration)),
            Err(error) => println!("── {name}: FAILED after {}: {error:#}", human(duration)),
        }
        self.done.push(Step {
            name,
            duration,
            passed: result.is_ok(),
        });
        Ok(())
    }

    /// Prints the table. An error if any step failed.
    pub(crate) fn finish(self) -> Result<()> {
        println!("\n── summary ──");
        for step in &self.done {
            let mark = if step.passed { "✓" } else { "✗" };
            println!("{mark} {:<10} {:>14}", step.name, human(step.duration));
        }
        println!(
            "  {:<10} {:>14}",
            "total",
            human(self.done.iter().map(|step| step.duration).sum())
        );
        let failed: Vec<_> = self
            .done
            .iter()
            .filter(|step| !step.passed)
            .map(|step| step.name)
            .collect();
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(", "));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_lets_the_next_one_run_and_fails_the_whole() {
        let mut steps = Steps::default();
        let mut second_ran = false;
        steps.run("first", || bail!("broken")).unwrap();
        steps
            .run("second", || {
                second_ran = true;
                Ok(())
            })
            .unwrap();
        assert!(second_ran);
        assert_eq!(steps.finish().unwrap_err().to_string(), "failed: first");
    }
}
