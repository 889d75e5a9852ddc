//! `revento ops connections`.

mod end;

use std::fmt::Write;

use anyhow::{Context, Result};
use revento::{
    Timestamp,
    oauth::refresh::Timing,
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
    /// End a connection: delete its tokens, so that it needs consent again.
    End(end::EndArguments),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  revento ops connections list --store sqlite:integration.db --client-id int_1
  revento ops connections list --status in_doubt --json")]
pub(crate) struct ListArguments {
    /// Only connections of this integration. Without it those of all integrations in the store.
    #[arg(long, value_name = "ID", env = "REVENTO_CLIENT_ID")]
    client_id: Option<String>,
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
    #[command(flatten)]
    key: KeyArguments,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArguments,
}

/// Which connection.
#[derive(Debug, clap::Args)]
struct KeyArguments {
    /// The event.
    event: String,
    /// The user of a participant's connection. Without it, the organizer's connection.
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// The integration's client id. Not needed if the store has connections of one integration only.
    #[arg(long, value_name = "ID", env = "REVENTO_CLIENT_ID")]
    client_id: Option<String>,
}

impl KeyArguments {
    async fn key(self, stores: &Stores) -> Result<ConnectionKey> {
        let (client_id, event_id) = (stores.client(self.client_id).await?, EventId::new(self.event));
        Ok(match self.user {
            Some(user) => ConnectionKey::user(client_id, event_id, UserId::new(user)),
            None => ConnectionKey::installation(client_id, event_id),
        })
    }
}

pub(crate) async fn run(command: Command) -> Result<()> {
    match command {
        Command::List(arguments) => list(arguments).await,
        Command::Show(arguments) => show(arguments).await,
        Command::End(arguments) => end::end(arguments).await,
    }
}

async fn list(arguments: ListArguments) -> Result<()> {
    let stores = Stores::open(&arguments.store).await?;
    let mut found = 0;
    for client_id in stores.clients(arguments.client_id.clone()).await? {
        found += list_client(&stores, client_id, &arguments).await?;
    }
    if found == 0 && !arguments.json {
        terminal::print_line("No connection matches.");
    }
    Ok(())
}

/// Returns how many connections match.
async fn list_client(stores: &Stores, client_id: ClientId, arguments: &ListArguments) -> Result<usize> {
    let tokens = stores.tokens.as_ref();
    let mut pages = match &arguments.event {
        Some(event) => RecordPages::of_event(tokens, client_id, EventId::new(event.as_str())),
        None => RecordPages::of_client(tokens, client_id),
    };
    let status = arguments.status.as_deref().map(ConnectionStatus::from);
    let mut found = 0;
    while let Some(page) = pages.next().await?
        && !terminal::is_closed()
    {
        for stored in &page {
            let connection = &stored.record.connection;
            if status.as_ref().is_some_and(|status| *status != connection.status) {
                continue;
            }
            found += 1;
            terminal::print_line(&if arguments.json {
                as_json(stored)
            } else {
                line(connection, now())
            });
        }
    }
    Ok(found)
}

async fn show(arguments: ShowArguments) -> Result<()> {
    let stores = Stores::open(&arguments.store).await?;
    let key = arguments.key.key(&stores).await?;
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

/// When a service refreshes the tokens, with the usual durations: early, and in doubt only after the access token has ended. `None` if
/// it cannot refresh them.
fn next_refresh_at(connection: &Connection) -> Option<Timestamp> {
    let timing = Timing::default();
    match connection.status {
        ConnectionStatus::Connected if connection.reason.is_none() => {
            Some(connection.access_expires_at.saturating_sub(timing.lead_time))
        }
        ConnectionStatus::InDoubt => {
            let after_pause = connection.status_since.saturating_add(timing.doubt_pause);
            Some(connection.access_expires_at.max(after_pause))
        }
        _ => None,
    }
}

fn line(connection: &Connection, now: Timestamp) -> String {
    let key = &connection.key;
    let user = key.user_id.as_ref();
    let mut text = format!(
        "{:13}  {}{}",
        shown(connection.status.as_str()),
        shown(key.event_id.as_str()),
        user.map(|user| format!(" / {}", shown(user.as_str())))
            .unwrap_or_default(),
    );
    // The times of an ended connection would look as if its tokens could be used.
    if connection.status.is_live() {
        let _ = write!(
            text,
            "  access token ends {}, refresh token {}, consent {}",
            from_now(connection.access_expires_at, now),
            from_now(connection.refresh_expires_at, now),
            from_now(connection.consent_expires_at, now),
        );
    }
    if let Some(reason) = &connection.reason {
        let _ = write!(
            text,
            "  {} since {}",
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
        (
            "next refresh",
            next_refresh_at(connection).map_or("-".into(), |at| match at > now {
                true => time(at),
                false => format!("due since {at} ({})", from_now(at, now)),
            }),
        ),
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
        "next_refresh_at": next_refresh_at(connection),
        "refresh_expires_at": connection.refresh_expires_at,
        "consent_expires_at": connection.consent_expires_at,
        "delete_by": connection.delete_by,
    })
    .to_string()
}
