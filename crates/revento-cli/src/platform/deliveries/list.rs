//! `revento deliveries list`.

use anyhow::Result;
use serde_json::Value;

use super::{field, outcome, selection::Selection};
use crate::{
    platform::remote_sandbox::{RemoteSandbox, SandboxArguments},
    terminal,
};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  revento deliveries list --status dead
  revento deliveries list --since 10m
  revento deliveries list --type application.approved --json")]
pub(crate) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// How many deliveries to show.
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Print one line of JSON for each delivery, with its body and attempts.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

pub(super) async fn run(arguments: &Arguments) -> Result<()> {
    let sandbox = RemoteSandbox::find(&arguments.sandbox).await?;
    let query = arguments.selection.query(&sandbox).await?;
    let deliveries = sandbox.list("/deliveries", &query).await?;
    let newest = deliveries.len().saturating_sub(arguments.limit);
    for delivery in deliveries.iter().skip(newest) {
        terminal::print_line(&if arguments.json {
            delivery.to_string()
        } else {
            line(delivery)
        });
        if terminal::is_closed() {
            break;
        }
    }
    if deliveries.is_empty() && !arguments.json {
        terminal::print_line("No delivery matches.");
    }
    Ok(())
}

/// One delivery in a list.
fn line(delivery: &Value) -> String {
    let attempts = delivery.get("attempts").and_then(Value::as_array);
    let last = attempts.and_then(|attempts| attempts.last()).map(outcome);
    format!(
        "{}  {:9}  {:36}  {:34}  {}{}",
        field(delivery, "created_at"),
        field(delivery, "status"),
        field(delivery, "id"),
        field(delivery, "type"),
        terminal::counted(attempts.map_or(0, Vec::len), "attempt", "attempts"),
        last.map(|last| format!(", last: {last}")).unwrap_or_default()
    )
}
