//! Runs the long checks for hours, in small steps, and writes down what they did.
//!
//! A step takes minutes. After each, its counts are added to a file in `docs/evidence`, so a campaign can be stopped at any time, and
//! the next one goes on, also on another machine. The counts belong to a commit. `docs/evidence.md` shows those of all commits.

mod bench;
mod coverage;
mod crash;
mod fuzz;
mod model;
mod mutants;
mod record;
mod simulate;
mod soak;
mod table;
mod trial;

use std::time::Duration;

use anyhow::{Result, bail};

use crate::clock::{Stopwatch, human};
use crate::interrupt;
use record::Home;

/// Options of `campaign`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Hours to run, also beyond the goals; without it the campaign ends at the goals
    #[arg(long)]
    hours: Option<f64>,
    /// Runs only the parts whose names contain one of these texts
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Runs nothing, and writes the tables of `docs/evidence.md` from what was counted before
    #[arg(long, conflicts_with_all = ["hours", "only"])]
    tables: bool,
}

/// A check that can be done in steps.
trait Part {
    /// A short name, for files and for `--only`.
    fn name(&self) -> String;

    /// What it does, for the table.
    fn title(&self) -> String;

    /// What is counted.
    fn unit(&self) -> &'static str;

    /// How much is enough.
    fn goal(&self) -> u64;

    /// Whether more than the goal shows more.
    fn goes_on(&self) -> bool;

    /// Builds what a step runs. Its time does not count.
    fn prepare(&self) -> Result<()> {
        Ok(())
    }

    /// Does a step that takes minutes. `number` counts the steps at this commit, for the seeds. An error: the part cannot run here.
    fn step(&self, home: &Home, number: u64) -> Result<Step>;
}

/// What a step did.
#[derive(Debug, Default)]
struct Step {
    /// How many units.
    done: u64,
    /// What else was counted.
    counts: Vec<(String, u64)>,
    /// What was found: texts that a developer can act on.
    findings: Vec<String>,
}

fn parts() -> Vec<Box<dyn Part>> {
    let mut parts: Vec<Box<dyn Part>> = Vec::new();
    parts.push(Box::new(simulate::Simulate));
    for engine in crate::trials::Engine::ALL {
        parts.push(Box::new(crash::Crash(engine)));
    }
    parts.push(Box::new(fuzz::Guided));
    parts.push(Box::new(fuzz::Mutated));
    parts.push(Box::new(model::Model));
    for package in mutants::PACKAGES {
        parts.push(Box::new(package));
    }
    parts.push(Box::new(soak::Quickstart));
    parts.push(Box::new(soak::Mirror));
    parts.push(Box::new(coverage::Coverage));
    parts.push(Box::new(bench::Bench));
    parts
}

/// Runs the parts in turn: always the one that is furthest from its goal. A part that cannot run here is left out.
pub(crate) fn run(options: &Options) -> Result<()> {
    let home = Home::here()?;
    if options.tables {
        return table::write(&home, &parts());
    }
    let watch = Stopwatch::start();
    let limit = options.hours.map(|hours| Duration::from_secs_f64(hours * 3600.0));
    let mut running = chosen(&options.only)?;
    let mut worked = false;
    while limit.is_none_or(|limit| watch.elapsed() < limit) {
        let Some(index) = furthest(&running, &home, limit.is_some())? else {
            break;
        };
        let Some(part) = running.get(index) else { break };
        match step(part.as_ref(), &home) {
            Ok(()) => worked = true,
            Err(error) => {
                interrupt::check()?;
                println!("{}: left out: {error:#}", part.name());
                running.remove(index);
            }
        }
        table::write(&home, &parts())?;
    }
    if !worked {
        println!("nothing to do: every part that can run here has reached its goal");
    }
    Ok(())
}

fn chosen(only: &[String]) -> Result<Vec<Box<dyn Part>>> {
    let mut parts = parts();
    if !only.is_empty() {
        parts.retain(|part| only.iter().any(|text| part.name().contains(text.as_str())));
    }
    if parts.is_empty() {
        bail!("no part of these names");
    }
    Ok(parts)
}

/// The part that has done the least of its goal.
fn furthest(parts: &[Box<dyn Part>], home: &Home, beyond: bool) -> Result<Option<usize>> {
    let mut least: Option<(f64, usize)> = None;
    for (index, part) in parts.iter().enumerate() {
        let done = home.read(&part.name())?.done as f64 / part.goal() as f64;
        let is_open = done < 1.0 || (beyond && part.goes_on());
        if is_open && least.is_none_or(|(other, _)| done < other) {
            least = Some((done, index));
        }
    }
    Ok(least.map(|(_, index)| index))
}

/// Does one step and writes it down. An interrupted step counts nothing.
fn step(part: &dyn Part, home: &Home) -> Result<()> {
    let mut record = home.read(&part.name())?;
    part.prepare()?;
    let watch = Stopwatch::start();
    let done = part.step(home, record.steps)?;
    interrupt::check()?;
    for finding in &done.findings {
        println!("{}: FOUND: {finding}", part.name());
    }
    record.add(done, watch.elapsed(), &home.today()?);
    home.write(&part.name(), &record)?;
    println!(
        "{}: {} of {} {} after {}",
        part.name(),
        record.done,
        part.goal(),
        part.unit(),
        human(Duration::from_secs(record.seconds))
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::record::Record;
    use super::*;

    #[derive(Debug)]
    struct Counter(&'static str, u64);

    impl Part for Counter {
        fn name(&self) -> String {
            self.0.to_owned()
        }

        fn title(&self) -> String {
            "Counts".to_owned()
        }

        fn unit(&self) -> &'static str {
            "numbers"
        }

        fn goal(&self) -> u64 {
            self.1
        }

        fn goes_on(&self) -> bool {
            self.0 == "endless"
        }

        fn step(&self, _home: &Home, number: u64) -> Result<Step> {
            Ok(Step {
                done: 10,
                counts: vec![("sum".to_owned(), number)],
                findings: Vec::new(),
            })
        }
    }

    #[test]
    fn a_stopped_campaign_goes_on_with_what_is_furthest_from_its_goal() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path(), "0123456789ab");
        let parts: Vec<Box<dyn Part>> =
            vec![Box::new(Counter("endless", 20)), Box::new(Counter("short", 10))];
        let mut order = Vec::new();
        while let Some(index) = furthest(&parts, &home, false).unwrap() {
            order.push(index);
            // As another process would: everything is read from the files.
            step(parts[index].as_ref(), &Home::at(folder.path(), "0123456789ab")).unwrap();
        }
        assert_eq!(order, [0, 1, 0]);
        let record = home.read("endless").unwrap();
        assert_eq!((record.done, record.steps, record.counts["sum"]), (20, 2, 1));
        // Only what shows more goes on beyond its goal.
        assert_eq!(furthest(&parts, &home, true).unwrap(), Some(0));
        // Another commit begins anew.
        let other = Home::at(folder.path(), "ba9876543210");
        assert_eq!(other.read("endless").unwrap(), Record::default());
    }

    #[test]
    fn parts_have_names_of_their_own_and_goals() {
        let mut names: Vec<_> = parts().iter().map(|part| part.name()).collect();
        assert!(parts().iter().all(|part| part.goal() > 0));
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
