//! `revento ops deletions`.

use anyhow::Result;
use revento::{store::DeletionDuty, types::EnvelopeId};
use serde_json::json;

use super::{StoreArguments, Stores, from_now, now, shown};
use crate::terminal;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the data that has to be deleted, the earliest deadline first.
    Due(DueArguments),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  revento ops deletions due --store sqlite:integration.db")]
pub(crate) struct DueArguments {
    /// How many duties to show.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Print one line of JSON for each duty.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArguments,
}

pub(crate) async fn run(command: Command) -> Result<()> {
    let Command::Due(arguments) = command;
    let stores = Stores::open(&arguments.store).await?;
    let duties = stores.deletions()?.open_duties(arguments.limit).await?;
    for duty in &duties {
        terminal::print_line(&if arguments.json { as_json(duty) } else { line(duty) });
    }
    if duties.is_empty() && !arguments.json {
        terminal::print_line("Nothing has to be deleted.");
    }
    Ok(())
}

fn line(duty: &DeletionDuty) -> String {
    format!(
        "{}  event {}  by {} ({}){}",
        shown(EnvelopeId::as_str(&duty.envelope_id)),
        duty.event_id
            .as_ref()
            .map_or("all".into(), |id| shown(id.as_str())),
        duty.deadline_at,
        from_now(duty.deadline_at, now()),
        duty.reason
            .as_ref()
            .map(|reason| format!(": {}", shown(reason)))
            .unwrap_or_default()
    )
}

fn as_json(duty: &DeletionDuty) -> String {
    json!({
        "envelope_id": duty.envelope_id.as_str(),
        "event_id": duty.event_id.as_ref().map(|id| id.as_str()),
        "organization_id": duty.organization_id.as_ref().map(|id| id.as_str()),
        "occurred_at": duty.occurred_at,
        "deadline_at": duty.deadline_at,
        "reason": duty.reason,
        "reminded_at": duty.reminded_at,
    })
    .to_string()
}
