//! `revento ops check`: what a person has to act on, for a monitor.

mod clocks;
mod connections;
mod findings;
mod keys;

use std::time::Duration;

use anyhow::{Context, Result, bail};
use revento::{Timestamp, store::InboxAdmin};
use serde_json::json;

use self::{clocks::Clocks, findings::Finding};
use super::{OptionalKeys, StoreArguments, Stores, inbox, now, rough};
use crate::terminal;

/// A runner leases a due delivery at once, so one that is due for longer shows that none works.
const LATE_AFTER: Duration = Duration::from_secs(300);
/// How long before a deadline the deletion must be done.
const DELETION_MARGIN: Duration = Duration::from_secs(3 * 86_400);
/// So many duties are looked at.
const MOST_DUTIES: usize = 10_000;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 nothing needs a person, 1 a person has to act, 3 the check could not look (the store does not answer, or has another
schema). Only reads.

Examples:
  revento ops check --store sqlite:integration.db || page-someone
  revento ops check --key-file sealing.key --auth-base https://accounts.example.com --json"
)]
pub(crate) struct Arguments {
    /// Only this integration. Without it, all integrations in the store.
    #[arg(long, value_name = "ID", env = "REVENTO_CLIENT_ID")]
    client_id: Option<String>,
    #[command(flatten)]
    keys: OptionalKeys,
    /// Compare this machine's clock with that of the platform, whose OAuth base URL this is.
    #[arg(long, value_name = "URL")]
    auth_base: Option<String>,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArguments,
}

/// The check could not look. The program ends with exit code 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CouldNotLook;

impl std::fmt::Display for CouldNotLook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the check could not look")
    }
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let as_json = arguments.json;
    let (schema, clocks, findings) = look(arguments).await.context(CouldNotLook)?;
    if as_json {
        let rows: Vec<_> = findings.iter().map(Finding::as_json).collect();
        let line = json!({
            "ok": findings.is_empty(),
            "schema": schema,
            "store_clock_ahead_ms": clocks.store_ahead_ms,
            "platform_clock_ahead_ms": clocks.platform_ahead_ms,
            "findings": rows,
        });
        terminal::print_line(&line.to_string());
    } else {
        print(&findings, schema);
    }
    match findings.len() {
        0 => Ok(()),
        _ => bail!("a person has to act"),
    }
}

async fn look(arguments: Arguments) -> Result<(Option<u32>, Clocks, Vec<Finding>)> {
    let ring = arguments.keys.ring()?;
    let stores = Stores::open(&arguments.store).await?;
    let clients = stores.clients(arguments.client_id).await?;
    let now = now();
    let mut findings = connections::look(&stores, clients, now).await?;
    if let Some(inbox) = stores.has_inbox() {
        findings.extend(of_inbox(inbox, now).await?);
    }
    if let Some(deletions) = stores.has_deletions() {
        let horizon = now.saturating_add(DELETION_MARGIN);
        let duties = deletions.open_duties(MOST_DUTIES).await?;
        findings.push(Finding {
            id: "deletion_due",
            of: Some(("deletion", "deletions")),
            what: "due within three days".into(),
            count: duties.iter().filter(|duty| duty.deadline_at < horizon).count(),
            remedy: "delete the data of these events (revento ops deletions due), and record it: revento ops deletions settle",
        });
    }
    if let Some(ring) = &ring {
        findings.extend(keys::look(&stores, ring).await?);
    }
    let clocks = Clocks::look(&stores, arguments.auth_base.as_deref(), &mut findings).await?;
    findings.retain(|finding| finding.count > 0);
    Ok((stores.schema_version(), clocks, findings))
}

async fn of_inbox(store: &dyn InboxAdmin, now: Timestamp) -> Result<[Finding; 2]> {
    let late = store.next_due().await?.map(|due| now.saturating_since(due));
    let buried = inbox::buried(store, 10_000, |row| !row.expunged).await?;
    Ok([
        Finding {
            id: "deliveries_wait",
            of: Some(("delivery", "deliveries")),
            what: "waiting although due".into(),
            count: match late {
                Some(late) if late > LATE_AFTER => {
                    let stats = store.stats(now, now).await?;
                    usize::try_from(stats.due + stats.lapsed).unwrap_or(usize::MAX)
                }
                _ => 0,
            },
            remedy: "no runner handles them: is the service running, and does it call Inbox::runner? See revento ops inbox stats",
        },
        Finding {
            id: "buried",
            of: Some(("delivery", "deliveries")),
            what: "buried".into(),
            count: buried.len(),
            remedy: "see why with revento ops inbox dead, mend the handler, then revento ops inbox requeue",
        },
    ])
}

fn print(findings: &[Finding], schema: Option<u32>) {
    if findings.is_empty() {
        let schema = schema.map_or(String::new(), |schema| format!("; the schema is {schema}"));
        terminal::print_line(&format!(
            "Nothing needs a person (no delivery is due for more than {}{schema}).",
            rough(LATE_AFTER)
        ));
    }
    for finding in findings {
        terminal::print_line(&finding.as_text());
    }
}
