//! What webhooks do to connections (contract §2.6, invariant T8).

use revento_core::{
    Envelope, EventType,
    resource::{DeletionRequired, UserRevoked},
};
use revento_oauth::lifecycle::Signal;
use revento_store::{StoreError, Stored};

use super::stored::Connections;

impl Connections {
    pub(crate) async fn apply_webhook(&self, envelope: &Envelope) -> Result<(), StoreError> {
        let Some(signal) = signal(envelope) else {
            return Ok(());
        };
        let affected = self.affected(envelope, &signal).await?;
        if affected.is_empty() {
            tracing::info!(envelope_id = %envelope.id, event_type = %envelope.event_type,
                "a webhook names a connection that the store does not have");
        }
        for stored in affected {
            self.lifecycle
                .apply(&stored.record.connection.key, &signal)
                .await?;
        }
        Ok(())
    }

    async fn affected(&self, envelope: &Envelope, signal: &Signal) -> Result<Vec<Stored>, StoreError> {
        let store = self.tokens.store();
        let client_id = self.integration.client_id();
        let mut affected = match (&envelope.event_id, signal) {
            (_, Signal::Suspended { .. }) => store.of_client(client_id).await?,
            (Some(event_id), _) => store.of_event(client_id, event_id).await?,
            (None, _) => store.of_client(client_id).await?,
        };
        if let Signal::UserRevoked { .. } = signal {
            let user = envelope.data::<UserRevoked>().ok().map(|data| data.user_id);
            affected.retain(|stored| user.is_some() && stored.record.connection.key.user_id == user);
        }
        Ok(affected)
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
