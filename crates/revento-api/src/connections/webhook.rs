//! What webhooks do to connections (contract §2.6, invariant T8).

use revento_core::{
    ConnectionKey, Envelope, EventType,
    resource::{DeletionRequired, UserRevoked},
};
use revento_oauth::lifecycle::Signal;
use revento_store::{Pages, StoreError};

use super::stored::Connections;

impl Connections {
    pub(crate) async fn apply_webhook(&self, envelope: &Envelope) -> Result<(), StoreError> {
        let Some(signal) = signal(envelope) else {
            return Ok(());
        };
        let user = envelope.data::<UserRevoked>().ok().map(|data| data.user_id);
        let is_affected = |key: &ConnectionKey| match signal {
            Signal::UserRevoked { .. } => user.is_some() && key.user_id == user,
            _ => true,
        };
        let mut pages = self.pages(envelope, &signal);
        let mut is_known = false;
        while let Some(page) = pages.next().await? {
            for stored in page {
                let key = &stored.record.connection.key;
                if is_affected(key) {
                    is_known = true;
                    self.lifecycle.apply(key, &signal).await?;
                }
            }
        }
        if !is_known {
            tracing::info!(envelope_id = %envelope.id, event_type = %envelope.event_type,
                "a webhook names a connection that the store does not know");
        }
        Ok(())
    }

    /// The connections of the event that the webhook names, or all.
    fn pages(&self, envelope: &Envelope, signal: &Signal) -> Pages<'_> {
        let store = self.tokens.store();
        let client_id = self.integration.client_id().clone();
        match (&envelope.event_id, signal) {
            (Some(event_id), signal) if !matches!(signal, Signal::Suspended { .. }) => {
                Pages::of_event(store, client_id, event_id.clone())
            }
            _ => Pages::of_client(store, client_id),
        }
    }
}

fn signal(envelope: &Envelope) -> Option<Signal> {
    let occurred_at = envelope.occurred_at;
    match envelope.event_type {
        EventType::DataDeletionRequired => {
            // A body without details still ends the connection.
            let data = envelope.data::<DeletionRequired>().ok();
            let (deadline_at, reason) = data
                .map(|data| (data.deadline_at, data.reason))
                .unwrap_or_default();
            Some(Signal::DeletionRequired {
                occurred_at,
                deadline_at,
                reason,
            })
        }
        EventType::UserRevokedAccess => Some(Signal::UserRevoked { occurred_at }),
        EventType::IntegrationSuspended => Some(Signal::Suspended { occurred_at }),
        _ => None,
    }
}
