//! `revento deliveries redrive`.

use std::path::PathBuf;

use anyhow::{Result, bail};
use revento::types::text::printable;
use revento_sandbox::{Recording, Replay, ReplayedWebhook};
use serde_json::json;

use crate::{
    platform::{forward_url::ForwardUrl, trigger::Rate},
    terminal,
    webhook::secrets::SecretArguments,
};

/// Signs with the first secret.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  REVENTO_WEBHOOK_SECRET=whsec_… revento deliveries redrive approved.jsonl --to 3000
  revento deliveries redrive approved.jsonl --to http://localhost:3000/hooks --secret-file secret --new-ids --rate 10/s")]
pub(crate) struct Arguments {
    /// A file that `revento deliveries record` wrote.
    file: PathBuf,
    /// The receiver: a URL, or short `3000`, `3000/hooks`, `/hooks`, `localhost:3000`. Without a host it is localhost, without a
    /// port 3000, and without a path /webhooks.
    #[arg(long, value_name = "URL")]
    to: ForwardUrl,
    #[command(flatten)]
    secrets: SecretArguments,
    /// Only webhooks of this type.
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// Only the webhook with this delivery id. Repeatable.
    #[arg(long = "id", value_name = "ID")]
    ids: Vec<String>,
    /// Give each webhook a new delivery id, for a receiver that drops what it has seen.
    #[arg(long)]
    new_ids: bool,
    /// At most so many in a period: 10/s, 30/min, 5/h. The default is as fast as the receiver answers.
    #[arg(long, value_name = "RATE")]
    rate: Option<Rate>,
    /// Accept any certificate of the receiver, such as a self-signed one.
    #[arg(long)]
    insecure_receiver: bool,
    /// Print one line of JSON for each webhook.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: &Arguments) -> Result<()> {
    let secrets = arguments.secrets.read()?;
    let mut recording = Recording::read(&arguments.file)?;
    recording.webhooks.retain(|webhook| {
        let is_type = arguments
            .event_type
            .as_ref()
            .is_none_or(|name| *name == webhook.event_type);
        is_type && (arguments.ids.is_empty() || arguments.ids.contains(&webhook.delivery_id))
    });
    if recording.webhooks.is_empty() {
        bail!("no delivery in {} matches", arguments.file.display());
    }
    let count = recording.webhooks.len();
    let mut replay = Replay::from(recording)
        .to(arguments.to.to_string())
        .secret(secrets.first().map_or("", String::as_str));
    if arguments.new_ids {
        replay = replay.with_new_delivery_ids();
    }
    if arguments.insecure_receiver {
        replay = replay.accept_any_certificate();
    }
    if let Some(rate) = arguments.rate {
        replay = replay.every(rate.interval);
    }
    let mut failed = 0_usize;
    replay
        .send_each(|replayed| {
            failed += usize::from(!replayed.is_success());
            terminal::print_line(&if arguments.json {
                as_json(replayed)
            } else {
                as_text(replayed)
            });
        })
        .await?;
    match failed {
        0 => Ok(()),
        _ => bail!(
            "the receiver did not acknowledge {failed} of {}",
            terminal::counted(count, "webhook", "webhooks")
        ),
    }
}

fn as_text(replayed: &ReplayedWebhook) -> String {
    let status = match replayed.status {
        0 => "failed".to_owned(),
        status => status.to_string(),
    };
    let error = replayed
        .error
        .as_deref()
        .map(|error| format!("  {}", printable(error)));
    format!(
        "{status:6} {:>5} ms  {:34}  {}{}",
        replayed.duration.as_millis(),
        printable(&replayed.webhook.event_type).to_string(),
        printable(&replayed.webhook.delivery_id),
        error.unwrap_or_default()
    )
}

fn as_json(replayed: &ReplayedWebhook) -> String {
    json!({
        "delivery_id": replayed.webhook.delivery_id,
        "type": replayed.webhook.event_type,
        "status": (replayed.status != 0).then_some(replayed.status),
        "error": replayed.error,
        "duration_ms": u64::try_from(replayed.duration.as_millis()).unwrap_or(u64::MAX),
    })
    .to_string()
}
