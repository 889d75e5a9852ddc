//! `revento ops connections end`: an operator gives up a connection.

use anyhow::{Context, Result, bail, ensure};
use revento::{
    store::{Record, Stored, SwapOutcome, TokenStore},
    types::{Connection, ConnectionKey, ConnectionStatus, StatusReason},
};

use super::{
    super::{StoreArguments, Stores, from_now, now},
    KeyArguments,
};
use crate::terminal;

/// How often another writer may come first.
const ATTEMPTS: usize = 20;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "The service forgets the tokens of the connection, and the connection needs consent again. The platform is not told, because it has
no call for that: the organizer's consent stays there until the organizer revokes it in the settings of the event.

Example:
  revento ops connections end evt_1 --store sqlite:integration.db"
)]
pub(crate) struct EndArguments {
    #[command(flatten)]
    key: KeyArguments,
    /// Do it without a question.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    store: StoreArguments,
}

pub(crate) async fn end(arguments: EndArguments) -> Result<()> {
    let stores = Stores::open(&arguments.store).await?;
    let key = arguments.key.key(&stores).await?;
    let tokens = stores.tokens.as_ref();
    let stored = tokens.load(&key).await?.context("there is no such connection")?;
    let connection = &stored.record.connection;
    check_is_live(connection)?;
    terminal::confirm(arguments.yes, &question(connection))?;
    let ended = swap(tokens, &key).await?;
    terminal::print_line(&report(&ended));
    Ok(())
}

fn check_is_live(connection: &Connection) -> Result<()> {
    ensure!(
        connection.status.is_live(),
        "the connection has ended already: its status is {} since {}",
        connection.status,
        connection.status_since
    );
    Ok(())
}

fn question(connection: &Connection) -> String {
    format!(
        "this ends the connection {}, whose status is {}: its tokens are deleted for good, and only a new consent connects it again",
        connection.key, connection.status
    )
}

/// Ends the connection unless somebody else has. A refresh that is under way loses: the higher generation tells it that its pair is
/// not the newest.
async fn swap(store: &dyn TokenStore, key: &ConnectionKey) -> Result<Connection> {
    for _ in 0..ATTEMPTS {
        let Stored { version, record } = store.load(key).await?.context("the connection was deleted")?;
        check_is_live(&record.connection)?;
        let before = record.connection.clone();
        let connection = Connection {
            status: ConnectionStatus::NeedsConsent,
            reason: Some(StatusReason::EndedByOperator),
            status_since: now(),
            generation: record.connection.generation.saturating_add(1),
            ..record.connection
        };
        let tokens = None;
        let next = Record { connection, tokens };
        if let SwapOutcome::Swapped(_) = store.compare_and_swap(version, &next, None).await? {
            return Ok(before);
        }
    }
    bail!("other processes keep writing the connection, and nothing is changed: try again")
}

/// `before` is the connection as it was.
fn report(before: &Connection) -> String {
    format!(
        "{} needs consent now (ended_by_operator).\n\
         - A running service can use the access token that it has in memory until {} ({}): restart it if that must end now.\n\
         - The platform still has the organizer's consent, and sends webhooks. The organizer ends it in the settings of the event.\n\
         - Cached data stays. Delete it if nobody will connect again.",
        before.key,
        before.access_expires_at,
        from_now(before.access_expires_at, now())
    )
}
