//! Measures the mirror: the full read against the same read without a mirror, and webhooks against an inbox whose handlers do nothing.

mod full_read;
mod webhooks;

use std::time::Duration;

use anyhow::{Context as _, Result};

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Prints ratios as JSON instead of a table
    #[arg(long)]
    json: bool,
    /// Runs for seconds only; the numbers mean little
    #[arg(long)]
    quick: bool,
}

/// Sizes of a measurement.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    people: usize,
    webhooks: usize,
    rounds: usize,
}

/// What a contestant has done: so many things in a time.
#[derive(Debug, Clone)]
struct Rate {
    name: String,
    per_second: Vec<f64>,
}

impl Rate {
    fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            per_second: Vec::new(),
        }
    }

    fn add(&mut self, count: usize, time: Duration) {
        self.per_second.push(count as f64 / time.as_secs_f64());
    }

    fn median(&self) -> f64 {
        let mut rates = self.per_second.clone();
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// Measures, and prints a table or ratios.
pub(crate) fn run(options: &Options) -> Result<()> {
    let sizes = if options.quick {
        Sizes {
            people: 300,
            webhooks: 200,
            rounds: 1,
        }
    } else {
        Sizes {
            people: 100_000,
            webhooks: 20_000,
            rounds: 3,
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let reads = full_read::measure(sizes).await?;
        let webhooks = webhooks::measure(sizes).await?;
        let tables = [("full-read", reads), ("webhook", webhooks)];
        if options.json {
            println!("{}", ratios(&tables)?);
        } else {
            print_tables(&tables)?;
        }
        Ok(())
    })
}

/// The first of each table is what the others are compared with.
fn print_tables(tables: &[(&str, Vec<Rate>)]) -> Result<()> {
    for (title, rates) in tables {
        let base = rates.first().context("nothing was measured")?.median();
        println!("| {title} | per second | of the first |\n|---|---|---|");
        for rate in rates {
            println!(
                "| {} | {:.0} | {:.2} |",
                rate.name,
                rate.median(),
                rate.median() / base
            );
        }
        println!();
    }
    Ok(())
}

/// `mirror.<what>-<store>.<peer>`: ours divided by the peer's.
fn ratios(tables: &[(&str, Vec<Rate>)]) -> Result<serde_json::Value> {
    let mut all = serde_json::Map::new();
    for (title, rates) in tables {
        let (base, ours) = rates.split_first().context("nothing was measured")?;
        for rate in ours {
            let ratio = (rate.median() / base.median() * 1000.0).round() / 1000.0;
            all.insert(
                format!("mirror.{title}-{}.{}", rate.name, base.name),
                ratio.into(),
            );
        }
    }
    Ok(all.into())
}
