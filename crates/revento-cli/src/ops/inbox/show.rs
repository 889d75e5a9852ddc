//! `revento ops inbox show`.

use anyhow::{Context, Result};
use revento::{
    Timestamp,
    inbox::open_error_text,
    store::{DeliveryDetails, DeliveryState},
    types::EnvelopeId,
};
use serde_json::json;

use super::super::{OptionalKeys, StoreArguments, Stores, from_now, now, shown};
use crate::terminal;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "The body is never shown: it has personal data. The developer console has it, too.

Example:
  revento ops inbox show evt_delivery_1 --store sqlite:integration.db --key-file sealing.key"
)]
pub(crate) struct ShowArguments {
    /// The envelope id.
    id: String,
    #[command(flatten)]
    keys: OptionalKeys,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArguments,
}

pub(super) async fn show(arguments: ShowArguments) -> Result<()> {
    let ring = arguments.keys.ring()?;
    let stores = Stores::open(&arguments.store).await?;
    let id = EnvelopeId::new(arguments.id);
    let found = stores.inbox()?.details(&id).await?;
    let details = found.context(
        "the inbox does not know this envelope id: it never came, or was forgotten after it was handled",
    )?;
    let error = match &ring {
        Some(ring) => Some(open_error_text(ring, &id, &details.error).await),
        None => None,
    };
    terminal::print_line(&if arguments.json {
        as_json(&details, error.as_deref())
    } else {
        as_text(&details, error.as_deref(), now())
    });
    Ok(())
}

fn as_text(details: &DeliveryDetails, error: Option<&str>, now: Timestamp) -> String {
    let time = |time: Timestamp| format!("{time} ({})", from_now(time, now));
    let (at, what_now) = match details.state {
        DeliveryState::Queued if details.is_behind => {
            ("due", "waits behind another delivery of its resource".to_owned())
        }
        DeliveryState::Queued => ("due", "waits for a runner".to_owned()),
        DeliveryState::Leased => (
            "lease ends",
            "is being handled, unless its runner is gone".to_owned(),
        ),
        DeliveryState::Done => ("handled", "is handled: nothing is left to do".to_owned()),
        DeliveryState::Buried if details.has_body => (
            "buried",
            format!(
                "revento ops inbox requeue {}",
                shown(details.envelope_id.as_str())
            ),
        ),
        DeliveryState::Buried => (
            "buried",
            "its body was deleted: replay it from the developer console".to_owned(),
        ),
    };
    let error = match error {
        Some(error) => shown(error),
        None if details.error.is_empty() => String::new(),
        None => "(--key-file opens it)".to_owned(),
    };
    let rows = [
        ("envelope", shown(details.envelope_id.as_str())),
        ("delivery", shown(details.delivery_id.as_str())),
        ("type", shown(details.event_type.as_str())),
        ("state", details.state.as_str().to_owned()),
        ("", what_now),
        (at, time(details.at)),
        ("happened", time(details.occurred_at)),
        ("received", time(details.received_at)),
        ("attempts", attempts(details)),
        (
            "last error",
            if error.is_empty() { "-".to_owned() } else { error },
        ),
    ];
    rows.map(|(name, value)| format!("{name:12} {value}")).join("\n")
}

fn attempts(details: &DeliveryDetails) -> String {
    if details.single_attempt {
        format!("{} (requeued for one)", details.attempts)
    } else {
        details.attempts.to_string()
    }
}

/// The error is `null` if it is sealed.
fn as_json(details: &DeliveryDetails, error: Option<&str>) -> String {
    json!({
        "envelope_id": details.envelope_id.as_str(),
        "delivery_id": details.delivery_id.as_str(),
        "type": details.event_type.as_str(),
        "state": details.state.as_str(),
        "at": details.at,
        "occurred_at": details.occurred_at,
        "received_at": details.received_at,
        "attempts": details.attempts,
        "single_attempt": details.single_attempt,
        "is_behind": details.is_behind,
        "has_body": details.has_body,
        "has_error": !details.error.is_empty(),
        "error": error,
    })
    .to_string()
}
