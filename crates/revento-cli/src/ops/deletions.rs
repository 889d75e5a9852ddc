//! `revento ops deletions`.

use anyhow::{Context, Result, bail, ensure};
use revento::{
    store::{DeletionDuty, DeletionProof},
    types::EnvelopeId,
};
use serde_json::json;

use super::{StoreArguments, Stores, from_now, now, shown};
use crate::terminal;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the data that has to be deleted, the earliest deadline first.
    Due(DueArguments),
    /// Record that the data of a duty has been deleted.
    Settle(SettleArguments),
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

#[derive(Debug, clap::Args)]
#[command(
    after_help = "The command deletes nothing. It records, as the proof that the platform may ask for, that you have deleted the data.

Example:
  revento ops deletions settle evt_delivery_1 --note \"dropped schema badges_evt_1, ticket 4711\" --store sqlite:integration.db"
)]
pub(crate) struct SettleArguments {
    /// The envelope id of the webhook that created the duty, as `revento ops deletions due` shows it.
    id: String,
    /// What was deleted and by whom, without personal data. It is kept for ever.
    #[arg(long, value_name = "TEXT")]
    note: String,
    /// Do it without a question.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    store: StoreArguments,
}

pub(crate) async fn run(command: Command) -> Result<()> {
    match command {
        Command::Due(arguments) => due(arguments).await,
        Command::Settle(arguments) => settle(arguments).await,
    }
}

async fn settle(arguments: SettleArguments) -> Result<()> {
    let note = arguments.note.trim();
    ensure!(
        !note.is_empty(),
        "--note is empty: say what was deleted and by whom"
    );
    let stores = Stores::open(&arguments.store).await?;
    let deletions = stores.deletions()?;
    let id = EnvelopeId::new(arguments.id);
    let duty = deletions
        .duty(&id)
        .await?
        .context("there is no such duty: revento ops deletions due lists the open ones")?;
    if let Some(proof) = &duty.done {
        bail!("the duty is settled since {}: {}", proof.at, shown(&proof.note));
    }
    terminal::confirm(arguments.yes, &assertion(&duty))?;
    let at = now();
    let proof = DeletionProof {
        at,
        note: note.to_owned(),
    };
    ensure!(
        deletions.mark_deleted(&id, &proof).await?,
        "somebody else has just settled the duty; their proof stays"
    );
    terminal::print_line(&format!("{}  settled at {at}", shown(id.as_str())));
    Ok(())
}

/// What whoever settles the duty says.
fn assertion(duty: &DeletionDuty) -> String {
    format!(
        "this records for good that all data that this integration had of {}, from consents before {}, is deleted: in its databases, caches, files \
         and at its suppliers",
        match &duty.event_id {
            Some(event) => format!("event {}", shown(event.as_str())),
            None => "all events".to_owned(),
        },
        duty.occurred_at
    )
}

async fn due(arguments: DueArguments) -> Result<()> {
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
