//! `revento ops check`: what a person has to act on.

use std::time::Duration;

use anyhow::{Result, bail};
use revento::{
    Timestamp,
    store::RecordPages,
    types::{ClientId, Connection, ConnectionStatus},
};
use serde_json::json;

use super::{StoreArguments, Stores, inbox, now, rough};
use crate::terminal;

/// A runner leases a due delivery at once, so one that is due for longer shows that none works.
const LATE_AFTER: Duration = Duration::from_secs(300);
/// A doubt ends with the next refresh after the access token's end (invariant T1).
const LONG_DOUBT: Duration = Duration::from_secs(2 * 3600);
/// `Client::refresh_idle` refreshes long before this.
const REFRESH_MARGIN: Duration = Duration::from_secs(7 * 86_400);
/// How long before a deadline the deletion must be done.
const DELETION_MARGIN: Duration = Duration::from_secs(3 * 86_400);

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  revento ops check --store sqlite:integration.db --client-id int_1 || page-someone")]
pub(crate) struct Arguments {
    /// The integration's client id.
    #[arg(long, value_name = "ID", env = "REVENTO_CLIENT_ID")]
    client_id: String,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArguments,
}

/// A finding, and what to do.
struct Finding {
    what: &'static str,
    count: usize,
    remedy: &'static str,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let stores = Stores::open(&arguments.store).await?;
    let now = now();
    let mut findings = of_connections(&stores, ClientId::new(arguments.client_id), now).await?;
    if let Ok(inbox) = stores.inbox() {
        findings.extend(of_inbox(inbox, now).await?);
    }
    if let Ok(deletions) = stores.deletions() {
        let horizon = now.saturating_add(DELETION_MARGIN);
        let duties = deletions.open_duties(10_000).await?;
        findings.push(Finding {
            what: "data whose deletion is due within three days",
            count: duties.iter().filter(|duty| duty.deadline_at < horizon).count(),
            remedy: "delete the data of these events and record it: revento ops deletions due",
        });
    }
    findings.retain(|finding| finding.count > 0);
    print(&findings, arguments.json);
    match findings.len() {
        0 => Ok(()),
        _ => bail!("a person has to act"),
    }
}

async fn of_connections(stores: &Stores, client_id: ClientId, now: Timestamp) -> Result<Vec<Finding>> {
    let mut doubts = 0;
    let mut overdue = 0;
    let mut consents = 0;
    let mut pages = RecordPages::of_client(stores.tokens.as_ref(), client_id);
    while let Some(page) = pages.next().await? {
        for stored in &page {
            let connection = &stored.record.connection;
            doubts += usize::from(is_long_in_doubt(connection, now));
            overdue += usize::from(is_refresh_overdue(connection, now));
            consents += usize::from(connection.status == ConnectionStatus::NeedsConsent);
        }
    }
    Ok(vec![
        Finding {
            what: "connections in doubt for more than two hours",
            count: doubts,
            remedy: "the token endpoint does not answer: check the platform's status, and the network of the service",
        },
        Finding {
            what: "connections whose refresh token ends within a week",
            count: overdue,
            remedy: "nothing refreshes idle connections: run Client::refresh_idle",
        },
        Finding {
            what: "connections that need consent",
            count: consents,
            remedy: "ask the organizers to connect again; if there are many at once, read docs/tokens.md",
        },
    ])
}

fn is_long_in_doubt(connection: &Connection, now: Timestamp) -> bool {
    connection.status == ConnectionStatus::InDoubt
        && now.saturating_since(connection.status_since) > LONG_DOUBT
}

/// A refresh cannot help if the consent itself ends.
fn is_refresh_overdue(connection: &Connection, now: Timestamp) -> bool {
    connection.status.is_live()
        && connection.refresh_expires_at < connection.consent_expires_at
        && connection.refresh_expires_at < now.saturating_add(REFRESH_MARGIN)
}

async fn of_inbox(store: &dyn revento::store::InboxStore, now: Timestamp) -> Result<[Finding; 2]> {
    let late = store.next_due().await?.map(|due| now.saturating_since(due));
    let buried = inbox::buried(store, 10_000, |row| !row.expunged).await?;
    Ok([
        Finding {
            what: "deliveries wait although they are due",
            count: usize::from(late.is_some_and(|late| late > LATE_AFTER)),
            remedy: "no runner handles them: is the service running, and does it call Inbox::runner?",
        },
        Finding {
            what: "buried deliveries",
            count: buried.len(),
            remedy: "see why with revento ops inbox dead, mend the handler, then revento ops inbox requeue",
        },
    ])
}

fn print(findings: &[Finding], as_json: bool) {
    if as_json {
        let rows: Vec<_> = findings
            .iter()
            .map(|finding| json!({ "finding": finding.what, "count": finding.count, "remedy": finding.remedy }))
            .collect();
        terminal::print_line(&json!({ "ok": findings.is_empty(), "findings": rows }).to_string());
        return;
    }
    if findings.is_empty() {
        terminal::print_line(&format!(
            "Nothing needs a person (deliveries are handled within {}).",
            rough(LATE_AFTER)
        ));
    }
    for finding in findings {
        terminal::print_line(&format!(
            "{} {}\n  {}",
            finding.count, finding.what, finding.remedy
        ));
    }
}
