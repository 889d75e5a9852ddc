//! A complete integration on axum, reqwest and SQLite, written from docs/contract.md alone, with switchable mistakes.
//!
//! Without a mistake it does everything right. `--mistake ID` (or `MISTAKES=ID,ID`) makes it do one thing wrong, at the place where
//! people do it wrong; `--list` prints the mistakes. The tests of the doctor run it with each mistake and see whether the doctor
//! finds exactly that.

mod app;
mod budget;
mod calls;
mod endings;
mod handling;
mod listener;
mod log;
mod login;
mod machine;
mod mistakes;
mod oauth;
mod pages;
mod platform;
mod reading;
mod seal;
mod settings;
mod store;
mod tokens;
mod webhooks;
mod webview;

use std::io::Write as _;

use clap::Parser;

use crate::app::App;
use crate::mistakes::Mistakes;
use crate::settings::Settings;

/// A Revento integration with switchable mistakes.
#[derive(Debug, Parser)]
#[command(name = "flawed-integration")]
struct Arguments {
    /// Makes this mistake. May be repeated; the variable MISTAKES takes several, separated by commas.
    #[arg(long = "mistake", value_name = "ID")]
    mistakes: Vec<String>,
    /// Prints the mistakes, each with a sentence.
    #[arg(long)]
    list: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if arguments.list {
        return Ok(std::io::stdout().write_all(mistakes::list().as_bytes())?);
    }
    let from_environment = std::env::var("MISTAKES").unwrap_or_default();
    let named = from_environment.split(',').map(str::to_owned);
    let mistakes = Mistakes::new(named.chain(arguments.mistakes))?;
    log::to_stderr(&mistakes);
    app::serve(App::open(Settings::from_environment()?, mistakes).await?).await
}
