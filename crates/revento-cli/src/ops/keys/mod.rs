//! `revento ops keys`: which records are sealed under which key.

pub(super) mod count;
mod reseal;
mod retire;
mod status;

use anyhow::Result;

use count::Counts;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Count what is sealed under each key.
    Status(status::StatusArguments),
    /// Seal everything under the current key. Services may run meanwhile.
    Reseal(reseal::ResealArguments),
    /// Find out whether a key can be dropped: exit code 1 while anything is sealed under it.
    Retire(retire::RetireArguments),
}

pub(crate) async fn run(command: Command) -> Result<()> {
    match command {
        Command::Status(arguments) => status::status(arguments).await,
        Command::Reseal(arguments) => reseal::reseal(arguments).await,
        Command::Retire(arguments) => retire::retire(arguments).await,
    }
}
