//! `revento deliveries`: the sandbox's webhook delivery log.

use anyhow::{Result, bail};
use revento::types::text::printable;
use serde_json::{Map, Value, json};

use super::remote_sandbox::{RemoteSandbox, SandboxArguments};
use crate::terminal;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the newest deliveries, the oldest of them first.
    List(ListArguments),
    /// Show a delivery: its body, and the headers and answer of each attempt.
    Show(ShowArguments),
    /// Send deliveries again, once each. A replay keeps the delivery id.
    Replay(ReplayArguments),
}

#[derive(Debug, clap::Args)]
struct Filter {
    /// `pending`, `delivered` or `dead`.
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// An event type such as application.approved.
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  revento deliveries list --status dead
  revento deliveries list --type application.approved --json")]
pub(crate) struct ListArguments {
    #[command(flatten)]
    filter: Filter,
    /// How many deliveries to show.
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Print one line of JSON for each delivery, with its body and attempts.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  revento deliveries show 1a0c5e1e-7a57-4c1e-8f0e-0c8a4b8f2d11")]
pub(crate) struct ShowArguments {
    /// The delivery id.
    id: String,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  revento deliveries replay 1a0c5e1e-7a57-4c1e-8f0e-0c8a4b8f2d11
  revento deliveries replay --status dead --since 2026-05-09T14:00:00Z")]
pub(crate) struct ReplayArguments {
    /// Delivery ids. Without any, the options select the deliveries.
    ids: Vec<String>,
    #[command(flatten)]
    filter: Filter,
    /// Only deliveries that were created at this time of the sandbox's clock or later, such as 2026-05-09T14:00:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only deliveries that were created at this time or before.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Print the result as one line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

pub(crate) async fn run(command: Command) -> Result<()> {
    match command {
        Command::List(arguments) => list(&arguments).await,
        Command::Show(arguments) => show(&arguments).await,
        Command::Replay(arguments) => replay(arguments).await,
    }
}

async fn list(arguments: &ListArguments) -> Result<()> {
    let sandbox = RemoteSandbox::find(&arguments.sandbox).await?;
    let named = [
        ("status", &arguments.filter.status),
        ("type", &arguments.filter.event_type),
    ];
    let query: Vec<(&str, &str)> = named
        .iter()
        .filter_map(|(name, value)| Some((*name, value.as_deref()?)))
        .collect();
    let deliveries = sandbox.list("/deliveries", &query).await?;
    let newest = deliveries.len().saturating_sub(arguments.limit);
    for delivery in deliveries.iter().skip(newest) {
        terminal::print_line(&if arguments.json {
            delivery.to_string()
        } else {
            line(delivery)
        });
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

async fn show(arguments: &ShowArguments) -> Result<()> {
    let sandbox = RemoteSandbox::find(&arguments.sandbox).await?;
    let delivery = sandbox
        .get(&format!("/deliveries/{}", path_segment(&arguments.id)), &[])
        .await?;
    if arguments.json {
        terminal::print_line(&delivery.to_string());
        return Ok(());
    }
    for name in [
        "id",
        "type",
        "event_id",
        "status",
        "created_at",
        "next_attempt_at",
        "url",
    ] {
        terminal::print_line(&format!("{name:16} {}", field(&delivery, name)));
    }
    terminal::print_line(&format!(
        "\n{}",
        pretty(delivery.get("body").and_then(Value::as_str).unwrap_or_default())
    ));
    for attempt in delivery
        .get("attempts")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        terminal::print_line(&format!(
            "\nattempt {} at {}: {}",
            field(attempt, "number"),
            field(attempt, "at"),
            outcome(attempt)
        ));
        let headers = attempt.pointer("/request/headers").and_then(Value::as_array);
        for header in headers.into_iter().flatten() {
            terminal::print_line(&format!(
                "  {}: {}",
                field(header, "name"),
                field(header, "value")
            ));
        }
    }
    Ok(())
}

async fn replay(arguments: ReplayArguments) -> Result<()> {
    let mut selection = Map::new();
    if !arguments.ids.is_empty() {
        selection.insert("ids".into(), json!(arguments.ids));
    }
    let options = [
        ("status", arguments.filter.status),
        ("type", arguments.filter.event_type),
        ("since", arguments.since),
        ("until", arguments.until),
    ];
    for (name, value) in options {
        selection.extend(value.map(|value| (name.to_owned(), value.into())));
    }
    if selection.is_empty() {
        bail!("name deliveries by their ids, or select them with --status, --type or --since");
    }
    let sandbox = RemoteSandbox::find(&arguments.sandbox).await?;
    let answer = sandbox.post("/deliveries/replay", &selection.into()).await?;
    let replayed = answer.get("replayed").and_then(Value::as_u64).unwrap_or(0);
    terminal::print_line(&if arguments.json {
        answer.to_string()
    } else {
        format!(
            "replayed {}",
            terminal::counted(replayed, "delivery", "deliveries")
        )
    });
    match arguments.ids.len() {
        named if usize::try_from(replayed).is_ok_and(|replayed| replayed < named) => {
            bail!("{replayed} of {named} ids are in the delivery log")
        }
        _ => Ok(()),
    }
}

/// What became of an attempt.
fn outcome(attempt: &Value) -> String {
    match attempt.get("error").and_then(Value::as_str) {
        Some(error) => format!("failed: {}", printable(error)),
        None => field(attempt, "status"),
    }
}

fn field(value: &Value, name: &str) -> String {
    value.get(name).map(text).unwrap_or_default()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::String(text) => printable(text).to_string(),
        other => other.to_string(),
    }
}

/// The body with indentation. JSON writers escape control characters.
fn pretty(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(value) => serde_json::to_string_pretty(&value).unwrap_or_default(),
        Err(_) => printable(body).whole().to_string(),
    }
}

/// An id as one segment of a path.
fn path_segment(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}
