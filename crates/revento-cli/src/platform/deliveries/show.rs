//! `revento deliveries show`.

use anyhow::Result;
use revento::types::text::printable;
use serde_json::Value;

use super::{field, outcome};
use crate::{
    platform::remote_sandbox::{RemoteSandbox, SandboxArguments, segment},
    terminal,
};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  revento deliveries show 1a0c5e1e-7a57-4c1e-8f0e-0c8a4b8f2d11")]
pub(crate) struct Arguments {
    /// The delivery id.
    id: String,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

pub(super) async fn run(arguments: &Arguments) -> Result<()> {
    let sandbox = RemoteSandbox::find(&arguments.sandbox).await?;
    let path = format!("/deliveries/{}", segment(&arguments.id));
    let delivery = sandbox.get(&path).await?;
    if arguments.json {
        terminal::print_line(&delivery.to_string());
        return Ok(());
    }
    let names = [
        "id",
        "type",
        "event_id",
        "status",
        "created_at",
        "next_attempt_at",
        "url",
    ];
    for name in names {
        terminal::print_line(&format!("{name:16} {}", field(&delivery, name)));
    }
    let body = delivery.get("body").and_then(Value::as_str).unwrap_or_default();
    terminal::print_line(&format!("\n{}", pretty(body)));
    let attempts = delivery.get("attempts").and_then(Value::as_array);
    attempts.into_iter().flatten().for_each(print_attempt);
    Ok(())
}

fn print_attempt(attempt: &Value) {
    let forwarded = match attempt.get("forwarded_to").and_then(Value::as_str) {
        Some(url) => format!(", forwarded to {}", printable(url)),
        None => String::new(),
    };
    terminal::print_line(&format!(
        "\nattempt {} at {}{forwarded}: {}",
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

/// The body with indentation. JSON writers escape control characters.
fn pretty(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(value) => serde_json::to_string_pretty(&value).unwrap_or_default(),
        Err(_) => printable(body).whole().to_string(),
    }
}
