//! Webhooks and answers that end connections (contract §2.6, invariant T8).

use revento_core::{
    ConnectionKey, Envelope, EventType,
    claim::SwapOutcome,
    envelope::{DeletionRequired, UserRevoked},
};
use revento_oauth::lifecycle::{self, Signal};
use revento_store::{Record, StoreError, StoreErrorKind, Stored};

use crate::Client;

/// How often a swap that lost a race is tried again.
const RACES: usize = 16;

impl Client {
    /// Applies a webhook to the connections that it speaks of; other types change nothing. Needs no
    /// live token. May be called with the same webhook any number of times, in any order.
    ///
    /// # Errors
    /// When the store failed; call again.
    pub async fn on_webhook(&self, envelope: &Envelope) -> Result<(), StoreError> {
        let Some(signal) = signal(envelope) else {
            return Ok(());
        };
        let affected = self.affected(envelope, &signal).await?;
        if affected.is_empty() {
            tracing::info!(envelope_id = %envelope.id, event_type = %envelope.event_type,
                "a webhook speaks of a connection that is not known here");
        }
        for stored in affected {
            self.apply(&stored.record.connection.key, &signal).await?;
        }
        Ok(())
    }

    /// Notes that everything cached for a connection has been deleted.
    ///
    /// # Errors
    /// When the store failed; call again.
    pub async fn mark_deleted(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        self.apply(key, &Signal::Deleted).await
    }

    async fn affected(&self, envelope: &Envelope, signal: &Signal) -> Result<Vec<Stored>, StoreError> {
        let store = self.shared.vault.store();
        let client_id = self.shared.integration.client_id();
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

    /// Applies a signal to one connection by compare-and-swap.
    pub(crate) async fn apply(&self, key: &ConnectionKey, signal: &Signal) -> Result<(), StoreError> {
        let shared = &self.shared;
        let store = shared.vault.store();
        for _ in 0..RACES {
            let Some(Stored { version, record }) = store.load(key).await? else {
                return Ok(());
            };
            let Some(connection) = lifecycle::apply(&record.connection, signal, shared.clock.now()) else {
                return Ok(());
            };
            let tokens = record.tokens.filter(|_| connection.status.is_live());
            let next = Record { connection, tokens };
            if let SwapOutcome::Swapped(_) = store.compare_and_swap(version, &next, None).await? {
                self.session(key).forget();
                tracing::warn!(connection = %key, status = %next.connection.status,
                    reason = next.connection.reason.as_ref().map(tracing::field::display),
                    delete_by = next.connection.delete_by.map(tracing::field::display), "connection changed");
                return Ok(());
            }
        }
        let trouble = "it was changed by others again and again";
        Err(StoreError::new(
            StoreErrorKind::Unavailable,
            "ending a connection",
            trouble,
        ))
    }
}

fn signal(envelope: &Envelope) -> Option<Signal> {
    let occurred_at = envelope.occurred_at;
    match envelope.event_type {
        EventType::DataDeletionRequired => {
            // A body that lacks its details still ends the connection.
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
