//! `revento quickstart`: the platform and an example integration, side by side.

mod card;
mod headless;
mod world;

pub(crate) use card::Card;

use std::path::PathBuf;

use anyhow::Result;

use crate::{output, stop::Stop};
use world::{Ports, World};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Walk the whole path without a browser, step by step, and exit. Uses a data directory of its own.
    #[arg(long)]
    headless: bool,
    /// With --headless: one line of JSON per step, and one at the end.
    #[arg(long, requires = "headless")]
    json: bool,
    /// Where the sealing key, the integration's database and the sandbox's state are kept.
    #[arg(long, value_name = "DIR", default_value = ".revento")]
    data: PathBuf,
    /// The sandbox's port; another one is chosen when it is taken.
    #[arg(long, value_name = "PORT", default_value_t = 4010)]
    sandbox_port: u16,
    /// The integration's port; another one is chosen when it is taken.
    #[arg(long, value_name = "PORT", default_value_t = 3000)]
    port: u16,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    if arguments.headless {
        return headless::run(arguments.json).await;
    }
    let mut stop = Stop::listen()?;
    let ports = Ports {
        sandbox: arguments.sandbox_port,
        service: arguments.port,
    };
    let world = World::start(&arguments.data, ports).await?;
    introduce(&world, &arguments);
    stop.requested().await;
    world.stop().await;
    output::line("Stopped. Start again: everything is still there.");
    Ok(())
}

fn introduce(world: &World, arguments: &Arguments) {
    output::line(&format!("Example integration  {}", world.base_url));
    output::line(&format!("Sandbox console      {}", world.info().console_url));
    output::line(&format!(
        "Data                 {}  (delete it to start over)",
        arguments.data.display()
    ));
    output::line("");
    output::line(
        "Next: open the integration, press Connect, and authorize. Then approve an application in the",
    );
    output::line(
        "console, move its clock by 61 minutes, revoke the connection – and watch. Ctrl-C stops both.",
    );
}
