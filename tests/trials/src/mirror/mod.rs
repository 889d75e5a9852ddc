//! A mirror through a month of changes and faults, with a virtual clock.
//!
//! The sandbox has thousands of participants. Every hour some of them apply, are reviewed, cancel or vanish; webhooks are lost, delayed,
//! doubled and reordered; answers are odd, the store fails, and replicas crash in the middle of what they do. Once the organizer revokes
//! the connection, and connects again. At the end the mirror has to be equal to the platform.

mod in_flight;
pub(crate) mod platform;
mod replica;
mod store;
mod time;
mod world;

use anyhow::{Result, bail};

use world::World;

/// What to simulate.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many days
    #[arg(long, default_value_t = 30)]
    days: u32,
    /// How many participants there are in the beginning
    #[arg(long, default_value_t = 10_000)]
    people: u32,
    /// The seed of all that is random
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Lose each webhook, and compare without a reconciliation: the trial has to fail
    #[arg(long, hide = true)]
    careless: bool,
}

/// Runs the days, and compares.
pub(crate) fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut world = World::new(options.seed, options.people, options.careless).await?;
        world.first_read().await?;
        for day in 1..=options.days {
            world.day(day, options.days / 2 + 1 == day).await?;
        }
        let differences = world.settle().await?;
        println!("{}", world.report());
        if differences > 0 {
            bail!("{differences} rows differ from the platform");
        }
        println!("the mirror is equal to the platform, also after the latest webhooks");
        Ok(())
    })
}
