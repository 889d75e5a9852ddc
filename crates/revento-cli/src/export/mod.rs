//! `revento export`: writes data of the read API to a file.
//!
//! A program does the same with `client.event(id).participants()`: the export uses only its pages and their cursors.

mod connection;
mod csv;
mod csv_guard;
#[cfg(test)]
mod csv_guard_tests;
mod export_file;
mod format;
mod pages;
mod progress;

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use clap::error::ErrorKind;

use crate::{stop::Stop, terminal};
use connection::{ConnectedClient, ConnectionArguments};
use csv::CsvLayout;
use export_file::{Checkpoint, ExportFile, Job};
use format::Format;
use pages::export_pages;
use progress::Progress;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Export the participants of an event, one on each line.
    ///
    /// The export stays within the platform's rate limits. Ctrl-C keeps the pages that were read: the same command
    /// continues from there, without losing or repeating a line. The file gets its name when it is complete.
    ///
    /// A participant of whom a promised field is missing or illegible is left out: a warning names the participant and the field,
    /// and the exit code is 1 when the file is complete.
    Participants(Arguments),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  revento export participants --event evt_test_published --format csv --out participants.csv")]
pub(crate) struct Arguments {
    /// The id of an event that its organizer has connected.
    #[arg(long, value_name = "ID")]
    event: String,
    /// The format. CSV has a fixed set of columns, and puts an apostrophe before each character with which a spreadsheet could
    /// begin a formula, also within a text, because another locale separates cells elsewhere. JSON lines have all fields,
    /// unchanged, including those that this version does not know.
    #[arg(long, value_enum)]
    format: Format,
    #[command(flatten)]
    csv: CsvLayout,
    /// The file to write. It must not exist. Until it is complete, the data is in FILE.part and FILE.state.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How many participants to request in one page, 1 to 50. Each page counts as one call for the rate limits.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=50))]
    page_size: u16,
    /// How many participants you expect, to estimate the remaining time. The platform does not say how many there are.
    #[arg(long, value_name = "N")]
    expect: Option<u64>,
    /// Discard the data of an interrupted export and start again.
    #[arg(long)]
    restart: bool,
    /// Print the result as one line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn run(command: Command) -> Result<()> {
    let Command::Participants(arguments) = command;
    if arguments.format != Format::Csv && arguments.csv != CsvLayout::default() {
        usage_error("--excel and --separator need --format csv");
    }
    let mut stop = Stop::listen()?;
    let job = Job {
        what: "participants".into(),
        event: arguments.event.clone(),
        format: arguments.format,
        csv: arguments.csv,
    };
    let mut file = ExportFile::open(&arguments.out, job, arguments.restart)?;
    let connected = ConnectedClient::open(&arguments.connection).await?;
    let mut progress = Progress::new(arguments.expect, arguments.page_size, file.checkpoint());
    let finished = tokio::select! {
        result = export_pages(&connected.client, &mut file, arguments.page_size, &mut progress) => Some(result),
        () = stop.requested() => None,
    };
    progress.clear();
    connected.close().await;
    let Checkpoint {
        items,
        pages,
        left_out,
        ..
    } = *file.checkpoint();
    let Some(result) = finished else {
        bail!("stopped after {items} participants ({pages} pages); run the same command again to continue")
    };
    result?;
    file.complete()?;
    let out = arguments.out.display();
    terminal::print_line(&if arguments.json {
        serde_json::json!({ "items": items, "left_out": left_out, "out": out.to_string(), "pages": pages })
            .to_string()
    } else {
        format!("{items} participants written to {out} ({pages} pages)")
    });
    ensure!(
        left_out == 0,
        "{left_out} participants are not in {out}, because the platform sent them illegibly; the warnings name them"
    );
    Ok(())
}

/// Ends the program like any other error in the command line.
fn usage_error(message: &str) {
    clap::Error::raw(
        ErrorKind::ArgumentConflict,
        format!("{message}\n\nFor more information, try '--help'.\n"),
    )
    .exit()
}
