//! `revento ops inbox`.

mod show;
mod stats;

use anyhow::{Result, bail};
use revento::{
    Timestamp,
    inbox::open_error,
    store::{BuriedCursor, BuriedDelivery, InboxStore, RequeueAttempts, RequeueOutcome},
    types::EnvelopeId,
};
use serde_json::json;

use super::{OptionalKeys, StoreArguments, Stores, from_now, now, shown};
use crate::terminal;

/// How many deliveries are read at once.
const PAGE: usize = 500;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Count the deliveries: waiting, handled, failed, and why.
    Stats(stats::StatsArguments),
    /// Show one delivery.
    Show(show::ShowArguments),
    /// List the buried deliveries, the last buried first.
    Dead(DeadArguments),
    /// Queue buried deliveries again.
    Requeue(RequeueArguments),
    /// Delete the bodies of deliveries that were buried before a time. Only a replay from the console brings them back.
    Expunge(ExpungeArguments),
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "The errors of the handlers are sealed, because they can repeat personal data. --key-file opens them.

Examples:
  revento ops inbox dead --store sqlite:integration.db --type application.approved
  revento ops inbox dead --key-file sealing.key"
)]
pub(crate) struct DeadArguments {
    /// Only deliveries of this event type.
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// How many deliveries to show.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    keys: OptionalKeys,
    /// Print one line of JSON for each delivery.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArguments,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  revento ops inbox requeue evt_delivery_1 --store sqlite:integration.db
  revento ops inbox requeue --all --full --yes --store postgres://localhost/integration")]
pub(crate) struct RequeueArguments {
    /// The envelope ids.
    #[arg(required_unless_present = "all")]
    ids: Vec<String>,
    /// All buried deliveries.
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    /// As many attempts as a new delivery gets, instead of one.
    #[arg(long)]
    full: bool,
    /// Do it without a question.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    store: StoreArguments,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  revento ops inbox expunge --before 2026-05-01T00:00:00Z --yes --store sqlite:integration.db")]
pub(crate) struct ExpungeArguments {
    /// Deliveries that were buried before this time.
    #[arg(long, value_name = "TIME")]
    before: Timestamp,
    /// Do it without a question.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    store: StoreArguments,
}

pub(crate) async fn run(command: Command) -> Result<()> {
    match command {
        Command::Stats(arguments) => stats::stats(arguments).await,
        Command::Show(arguments) => show::show(arguments).await,
        Command::Dead(arguments) => dead(arguments).await,
        Command::Requeue(arguments) => requeue(arguments).await,
        Command::Expunge(arguments) => expunge(arguments).await,
    }
}

/// All buried deliveries that match, at most `limit`.
pub(super) async fn buried(
    inbox: &dyn InboxStore,
    limit: usize,
    matches: impl Fn(&BuriedDelivery) -> bool,
) -> Result<Vec<BuriedDelivery>> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = inbox.buried(after.as_ref(), PAGE).await?;
        let is_last = page.len() < PAGE;
        after = page.last().map(BuriedCursor::of);
        found.extend(page.into_iter().filter(&matches).take(limit - found.len()));
        if is_last || found.len() == limit {
            return Ok(found);
        }
    }
}

async fn dead(arguments: DeadArguments) -> Result<()> {
    let key = arguments.keys.ring()?;
    let stores = Stores::open(&arguments.store).await?;
    let wanted = arguments.event_type.as_deref();
    let matches = |row: &BuriedDelivery| wanted.is_none_or(|wanted| row.event_type.as_str() == wanted);
    let found = buried(stores.inbox()?, arguments.limit, matches).await?;
    for row in &found {
        let error = match &key {
            Some(key) => Some(open_error(key, row).await),
            None => None,
        };
        terminal::print_line(&if arguments.json {
            as_json(row, error)
        } else {
            line(row, error)
        });
    }
    if found.is_empty() && !arguments.json {
        terminal::print_line("No delivery is buried.");
    }
    Ok(())
}

fn line(row: &BuriedDelivery, error: Option<String>) -> String {
    format!(
        "{}  {}  buried {} after {}{}{}",
        shown(row.envelope_id.as_str()),
        shown(row.event_type.as_str()),
        from_now(row.buried_at, now()),
        terminal::counted(row.attempts, "attempt", "attempts"),
        if row.expunged { ", without a body" } else { "" },
        match error.as_deref() {
            Some("") => String::new(),
            Some(error) => format!(": {}", shown(error)),
            None if row.error.is_empty() => String::new(),
            None => " (--key-file opens the error)".to_owned(),
        }
    )
}

/// The error is `null` if it is sealed.
fn as_json(row: &BuriedDelivery, error: Option<String>) -> String {
    json!({
        "envelope_id": row.envelope_id.as_str(),
        "delivery_id": row.delivery_id.as_str(),
        "type": row.event_type.as_str(),
        "occurred_at": row.occurred_at,
        "received_at": row.received_at,
        "buried_at": row.buried_at,
        "attempts": row.attempts,
        "error": error,
        "expunged": row.expunged,
    })
    .to_string()
}

async fn requeue(arguments: RequeueArguments) -> Result<()> {
    let stores = Stores::open(&arguments.store).await?;
    let inbox = stores.inbox()?;
    let ids: Vec<EnvelopeId> = if arguments.all {
        let found = buried(inbox, usize::MAX, |row| !row.expunged).await?;
        let what = format!(
            "this queues {} again, and the handlers run for each of them",
            terminal::counted(found.len(), "buried delivery", "buried deliveries")
        );
        terminal::confirm(arguments.yes, &what)?;
        found.into_iter().map(|row| row.envelope_id).collect()
    } else {
        arguments.ids.into_iter().map(EnvelopeId::new).collect()
    };
    let attempts = if arguments.full {
        RequeueAttempts::Full
    } else {
        RequeueAttempts::Single
    };
    let mut failed = 0_usize;
    for id in &ids {
        let outcome = match inbox.requeue(id, now(), attempts).await? {
            RequeueOutcome::Requeued => "queued again",
            RequeueOutcome::NotBuried => "not buried",
            RequeueOutcome::Expunged => "its body was deleted: replay it from the developer console",
        };
        failed += usize::from(outcome != "queued again");
        terminal::print_line(&format!("{}  {outcome}", shown(id.as_str())));
    }
    match failed {
        0 => Ok(()),
        _ => bail!("{failed} of {} deliveries were not queued again", ids.len()),
    }
}

async fn expunge(arguments: ExpungeArguments) -> Result<()> {
    let stores = Stores::open(&arguments.store).await?;
    let inbox = stores.inbox()?;
    let concerns = |row: &BuriedDelivery| !row.expunged && row.buried_at < arguments.before;
    let count = buried(inbox, usize::MAX, concerns).await?.len();
    let what = format!(
        "this deletes the bodies of {}, and only a replay from the developer console brings them back",
        terminal::counted(count, "buried delivery", "buried deliveries")
    );
    terminal::confirm(arguments.yes, &what)?;
    let count = inbox.expunge(arguments.before).await?;
    terminal::print_line(&format!(
        "deleted the bodies of {}",
        terminal::counted(count, "buried delivery", "buried deliveries")
    ));
    Ok(())
}
