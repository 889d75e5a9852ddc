//! `revento ops connections`.

use std::fmt::Write;

use anyhow::{Context, Result};
use revento::{
    Timestamp,
    store::{RecordPages, Stored},
    types::{ClientId, Connection, ConnectionKey, ConnectionStatus, EventId, UserId},
};
use serde_json::json;

use super::{StoreArguments, Stores, from_now, now, shown};
use crate::terminal;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the connections of an integration.
    List(ListArguments),
    /// Show one connection.
    Show(ShowArguments),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  revento ops connections list --store sqlite:integration.db --client-id int_1
  revento ops connections list --status in_doubt --json")]
pub(crate) struct ListArguments {
    /// The integration's client id.
    #[arg(long, value_name = "ID", env = "REVENTO_CLIENT_ID")]
    client_id: String,
    /// Only connections of this event.
    #[arg(long, value_name = "ID")]
    event: Option<String>,
    /// Only connections with this status, such as `in_doubt` or `needs_consent`.
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// Print one line of JSON for each connection.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArguments,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  revento ops connections show evt_1 --store sqlite:integration.db --client-id int_1")]
pub(crate) struct ShowArguments {
    /// The event.
    event: String,
    /// The user of a participant's connection. Without it the organizer's connection is shown.
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// The integration's client id.
    #[arg(long, value_name = "ID", env = "REVENTO_CLIENT_ID")]
    client_id: String,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArguments,
}

pub(crate) async fn run(command: Command) -> Result<()> {
    match command {
        Command::List(arguments) => list(arguments).await,
        Command::Show(arguments) => show(arguments).await,
    }
}

async fn list(arguments: ListArguments) -> Result<()> {
    let stores = Stores::open(&arguments.store).await?;
    let client_id = ClientId::new(arguments.client_id);
    let tokens = stores.tokens.as_ref();
    let mut pages = match arguments.event {
        Some(event) => RecordPages::of_event(tokens, client_id, EventId::new(event)),
        None => RecordPages::of_client(tokens, client_id),
    };
    let status = arguments
        .status
        .map(|status| ConnectionStatus::from(status.as_str()));
    let mut found = false;
    while let Some(page) = pages.next().await? {
        if terminal::is_closed() {
            break;
        }
        for stored in &page {
            let connection = &stored.record.connection;
            if status.as_ref().is_some_and(|status| *status != connection.status) {
                continue;
            }
            found = true;
            terminal::print_line(&if arguments.json {
                as_json(stored)
            } else {
                line(connection, now())
            });
        }
    }
    if !found && !arguments.json {
        terminal::print_line("No connection matches.");
    }
    Ok(())
}

async fn show(arguments: ShowArguments) -> Result<()> {
    let stores = Stores::open(&arguments.store).await?;
    let (client_id, event_id) = (ClientId::new(arguments.client_id), EventId::new(arguments.event));
    let key = match arguments.user {
        Some(user) => ConnectionKey::user(client_id, event_id, UserId::new(user)),
        None => ConnectionKey::installation(client_id, event_id),
    };
    let stored = stores
        .tokens
        .load(&key)
        .await?
        .context("there is no such connection")?;
    terminal::print_line(&if arguments.json {
        as_json(&stored)
    } else {
        details(&stored, now())
    });
    Ok(())
}

fn line(connection: &Connection, now: Timestamp) -> String {
    let key = &connection.key;
    let mut text = format!(
        "{:13}  {}{}  access token ends {}, refresh token {}, consent {}",
        shown(connection.status.as_str()),
        shown(key.event_id.as_str()),
        key.user_id
            .as_ref()
            .map(|user| format!(" / {}", shown(user.as_str())))
            .unwrap_or_default(),
        from_now(connection.access_expires_at, now),
        from_now(connection.refresh_expires_at, now),
        from_now(connection.consent_expires_at, now),
    );
    if let Some(reason) = &connection.reason {
        let _ = write!(
            text,
            "; {} since {}",
            shown(reason.as_str()),
            connection.status_since
        );
    }
    text
}

fn details(stored: &Stored, now: Timestamp) -> String {
    let connection = &stored.record.connection;
    let reason = connection.reason.as_ref().map_or("-", |reason| reason.as_str());
    let organization = connection.organization_id.as_ref().map_or("-", |id| id.as_str());
    let time = |time: Timestamp| format!("{time} ({})", from_now(time, now));
    let rows = [
        ("event", shown(connection.key.event_id.as_str())),
        (
            "user",
            connection
                .key
                .user_id
                .as_ref()
                .map_or("-".into(), |id| shown(id.as_str())),
        ),
        ("organization", shown(organization)),
        ("status", shown(connection.status.as_str())),
        ("reason", shown(reason)),
        ("since", time(connection.status_since)),
        ("scopes", shown(&connection.scopes.to_string())),
        ("generation", connection.generation.to_string()),
        (
            "has tokens",
            if stored.record.tokens.is_some() {
                "yes"
            } else {
                "no"
            }
            .into(),
        ),
        ("consented", time(connection.consented_at)),
        ("access token ends", time(connection.access_expires_at)),
        ("refresh token ends", time(connection.refresh_expires_at)),
        ("consent ends", time(connection.consent_expires_at)),
        ("delete by", connection.delete_by.map_or("-".into(), time)),
    ];
    rows.map(|(name, value)| format!("{name:20} {value}")).join("\n")
}

/// Sealed tokens are left out, too: they are of no use to a person.
fn as_json(stored: &Stored) -> String {
    let connection = &stored.record.connection;
    json!({
        "client_id": connection.key.client_id.as_str(),
        "event_id": connection.key.event_id.as_str(),
        "user_id": connection.key.user_id.as_ref().map(|id| id.as_str()),
        "organization_id": connection.organization_id.as_ref().map(|id| id.as_str()),
        "status": connection.status.as_str(),
        "reason": connection.reason.as_ref().map(|reason| reason.as_str()),
        "status_since": connection.status_since,
        "scopes": connection.scopes.to_string(),
        "generation": connection.generation,
        "has_tokens": stored.record.tokens.is_some(),
        "consented_at": connection.consented_at,
        "access_expires_at": connection.access_expires_at,
        "refresh_expires_at": connection.refresh_expires_at,
        "consent_expires_at": connection.consent_expires_at,
        "delete_by": connection.delete_by,
    })
    .to_string()
}
