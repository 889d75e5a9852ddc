//! `revento quickstart`: a local platform and an example integration that is connected to it.

mod environment;
mod headless;

use std::path::PathBuf;

use anyhow::Result;

use crate::{stop::Stop, terminal};
use environment::{Environment, Ports};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  revento quickstart
  revento quickstart --headless --json")]
pub(crate) struct Arguments {
    /// Run all steps without a browser, check each, and exit. Uses a temporary data directory.
    #[arg(long)]
    headless: bool,
    /// With --headless: print one line of JSON for each step, and one at the end.
    #[arg(long, requires = "headless")]
    json: bool,
    /// The directory for the sealing key, the integration's database and the sandbox's state.
    #[arg(long, value_name = "DIR", default_value = ".revento")]
    data: PathBuf,
    /// The sandbox's port. If it is taken, another port is chosen.
    #[arg(long, value_name = "PORT", default_value_t = 4010)]
    sandbox_port: u16,
    /// The integration's port. If it is taken, another port is chosen.
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
    let environment = Environment::start(&arguments.data, ports).await?;
    print_info(&environment, &arguments);
    stop.requested().await;
    environment.stop().await;
    terminal::print_line("Stopped. The data is kept: start again to continue.");
    Ok(())
}

fn print_info(environment: &Environment, arguments: &Arguments) {
    terminal::print_line(&format!("Example integration  {}", environment.base_url));
    terminal::print_line(&format!(
        "Sandbox console      {}",
        environment.info().console_url
    ));
    terminal::print_line(&format!(
        "Data                 {}  (delete it to start over)",
        arguments.data.display()
    ));
    terminal::print_line("");
    terminal::print_line(
        "Next: open the example integration, press Connect and authorize it. Then, in the console, approve an",
    );
    terminal::print_line(
        "application, move the clock by 61 minutes, revoke the connection, and watch. Press Ctrl-C to stop.",
    );
}
