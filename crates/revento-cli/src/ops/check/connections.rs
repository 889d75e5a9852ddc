//! Connections that need a person.

use std::time::Duration;

use anyhow::Result;
use revento::{
    Timestamp,
    store::RecordPages,
    types::{ClientId, Connection, ConnectionStatus},
};

use super::{super::Stores, findings::Finding};

/// A doubt ends with the next refresh after the access token's end (invariant T1).
const LONG_DOUBT: Duration = Duration::from_secs(2 * 3600);
/// `Client::refresh_idle` refreshes long before this.
const REFRESH_MARGIN: Duration = Duration::from_secs(7 * 86_400);
/// The last reminder of `RefreshIdle::on_consent_ending`.
const CONSENT_MARGIN: Duration = Duration::from_secs(7 * 86_400);

pub(super) async fn look(stores: &Stores, clients: Vec<ClientId>, now: Timestamp) -> Result<Vec<Finding>> {
    let mut found = Found::default();
    for client in clients {
        let mut pages = RecordPages::of_client(stores.tokens.as_ref(), client);
        while let Some(page) = pages.next().await? {
            page.iter()
                .for_each(|stored| found.add(&stored.record.connection, now));
        }
    }
    Ok(found.findings())
}

#[derive(Default)]
struct Found {
    doubts: usize,
    overdue: usize,
    consents: usize,
    ending: usize,
}

impl Found {
    fn add(&mut self, connection: &Connection, now: Timestamp) {
        self.doubts += usize::from(is_long_in_doubt(connection, now));
        self.overdue += usize::from(is_refresh_overdue(connection, now));
        self.consents += usize::from(connection.status == ConnectionStatus::NeedsConsent);
        self.ending += usize::from(is_consent_ending(connection, now));
    }

    fn findings(&self) -> Vec<Finding> {
        vec![
            Finding {
                id: "long_doubt",
                of: Some(("connection", "connections")),
                what: "in doubt for more than two hours".into(),
                count: self.doubts,
                remedy: "the token endpoint does not answer, or nothing refreshes: check the platform's status, the network of the service, and that it \
                         runs. See revento ops connections list --status in_doubt",
            },
            Finding {
                id: "refresh_overdue",
                of: Some(("connection", "connections")),
                what: "with a refresh token that ends within a week".into(),
                count: self.overdue,
                remedy: "nothing refreshes idle connections: run Client::background",
            },
            Finding {
                id: "needs_consent",
                of: Some(("connection", "connections")),
                what: "without a consent that holds".into(),
                count: self.consents,
                remedy: "ask the organizers to connect again; if there are many at once, read docs/tokens.md",
            },
            Finding {
                id: "consent_ending",
                of: Some(("connection", "connections")),
                what: "with a consent that ends within a week".into(),
                count: self.ending,
                remedy: "ask the organizers to connect again, which replaces the connection without a gap",
            },
        ]
    }
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

fn is_consent_ending(connection: &Connection, now: Timestamp) -> bool {
    connection.status.is_live() && connection.consent_expires_at < now.saturating_add(CONSENT_MARGIN)
}
