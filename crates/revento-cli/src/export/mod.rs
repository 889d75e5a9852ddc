//! `revento export`: from the read API to a file.
//!
//! The same in code is `client.event(id).participants()`: its pages and their cursors are all that this uses.

mod access;
mod checkpoint;
mod format;
mod progress;
mod walk;

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::{output, stop::Stop};
use access::{Access, Connected};
use checkpoint::{Job, Output};
use format::Format;
use progress::Progress;
use walk::{Ending, walk};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum What {
    /// The participants of an event, one to a line.
    ///
    /// Pages are read no faster than the platform's budgets allow. Ctrl-C keeps what has come: the same command goes on
    /// from there, and no line is lost or doubled. The file appears under its name when it is complete.
    Participants(Arguments),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The event, connected by its organizer.
    #[arg(long, value_name = "ID")]
    event: String,
    /// What to write. CSV guards texts that a spreadsheet would take for a formula with an apostrophe; JSON lines are
    /// exact, and have the fields that this version does not know.
    #[arg(long, value_enum)]
    format: Format,
    /// The file to write. It must not exist yet. Beside it, `.part` and `.state` hold what has come so far.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How many participants to ask for at a time, 1 to 50. Each page costs one call of the budget.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=50))]
    page_size: u16,
    /// How many participants you expect, for the time that is left: the platform does not tell.
    #[arg(long, value_name = "N")]
    expect: Option<u64>,
    /// Throw away what an interrupted export has left, and begin anew.
    #[arg(long)]
    restart: bool,
    /// Print the result as one line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: Access,
}

pub(crate) async fn run(what: What) -> Result<()> {
    let What::Participants(arguments) = what;
    let mut stop = Stop::listen()?;
    let job = Job {
        what: "participants".into(),
        event: arguments.event.clone(),
        format: arguments.format,
    };
    let mut output = Output::open(&arguments.out, job, arguments.restart)?;
    let connected = Connected::open(&arguments.access).await?;
    let mut progress = Progress::new(arguments.expect, arguments.page_size, output.state());
    let ending = tokio::select! {
        ending = walk(&connected.client, &mut output, arguments.page_size, &mut progress) => ending,
        () = stop.requested() => Ok(Ending::Stopped),
    };
    progress.clear();
    connected.close().await;
    let (items, pages) = (output.state().items, output.state().pages);
    match ending? {
        Ending::Complete => output.finish()?,
        Ending::Stopped => {
            bail!("stopped after {items} participants ({pages} pages); the same command goes on from there")
        }
    }
    tell(&arguments, items, pages);
    Ok(())
}

fn tell(arguments: &Arguments, items: u64, pages: u64) {
    let out = arguments.out.display().to_string();
    output::line(&if arguments.json {
        serde_json::json!({ "items": items, "out": out, "pages": pages }).to_string()
    } else {
        format!("{items} participants in {out} ({pages} pages)")
    });
}
