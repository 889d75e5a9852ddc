//! SDK and sandbox in a simulated network with a virtual clock.
//!
//! Three replicas over one store, a platform, and the network between them live in `turmoil`: one thread,
//! a seed, and a clock that only the simulation moves. The outer loop lets months pass, then everything
//! breaks for some seconds: replicas crash, links part, the store fails, clocks go wrong, the platform
//! answers with nonsense, organizers consent again. After the faults, every connection has to become stable.

mod network;
mod replica;
mod store;
mod time;
mod world;

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::json;

use crate::tally::Tally;
use world::End;

/// What to simulate.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many worlds
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// The seed of the first of them
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Prints a line of JSON at the end
    #[arg(long)]
    json: bool,
    /// Only this seed, with a line for each event
    #[arg(long)]
    seed: Option<u64>,
    /// Use a store that grants every claim: the trial has to fail
    #[arg(long, hide = true)]
    careless: bool,
}

/// Runs one seed after the other. Stops at the first that fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    if let Some(seed) = options.seed {
        let end = world::run(seed, options.careless)?;
        for line in &end.story {
            println!("{line}");
        }
        return judge(seed, &end.tally);
    }
    let mut all = Tally::default();
    let mut happened = BTreeMap::<&'static str, u32>::new();
    let mut days = 0;
    for (seed, end) in ends(options)? {
        judge(seed, &end.tally)?;
        all.refreshes += end.tally.refreshes;
        all.tried_again += end.tally.tried_again;
        all.orphaned += end.tally.orphaned;
        for (what, count) in end.happened {
            *happened.entry(what).or_default() += count;
        }
        days += end.days;
    }
    if options.json {
        let found = json!({
            "days": days,
            "refreshes": all.refreshes,
            "tried_again": all.tried_again,
            "orphaned": all.orphaned,
            "faults": happened.values().sum::<u32>(),
        });
        println!("{found}");
    }
    let happened: Vec<_> = happened
        .iter()
        .map(|(what, count)| format!("{count} {what}"))
        .collect();
    println!("{} seeds, {days} days: {}", options.seeds, happened.join(", "));
    println!(
        "{} refreshes, {} tried again by the in-doubt rule; {} connected again because no process had their tokens",
        all.refreshes, all.tried_again, all.orphaned
    );
    println!("0 tokens sent twice, 0 used before they were stored, 0 connections lost");
    if all.refreshes == 0 {
        bail!("nothing was refreshed, so nothing is shown");
    }
    Ok(())
}

/// Runs all seeds on every core, up to the first that fails.
fn ends(options: &Options) -> Result<Vec<(u64, End)>> {
    let next = AtomicU64::new(options.first);
    let last = options.first.saturating_add(options.seeds);
    let ends = Mutex::new(Vec::new());
    let live = || -> Result<()> {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= last {
                return Ok(());
            }
            let mut end = world::run(seed, options.careless).with_context(|| format!("seed {seed}"))?;
            end.story.clear();
            if end.tally.is_spoilt() {
                next.store(last, Ordering::Relaxed);
            }
            ends.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((seed, end));
        }
    };
    std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(live)).collect();
        for thread in threads {
            thread.join().map_err(|_| anyhow!("a world panicked"))??;
        }
        anyhow::Ok(())
    })?;
    Ok(ends.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn judge(seed: u64, tally: &Tally) -> Result<()> {
    if tally.is_spoilt() {
        for finding in &tally.findings {
            println!("{finding}");
        }
        bail!("seed {seed}; its story: cargo xtask simulate --seed {seed}");
    }
    Ok(())
}
