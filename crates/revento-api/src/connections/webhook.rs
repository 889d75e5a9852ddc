//! What webhooks do to connections (contract §2.6, invariant T8).

use revento_core::{
    Envelope, EnvelopeError, EventType, UserId, kind::UserRevokedAccess, resource::DeletionRequired,
    text::printable,
};
use revento_oauth::lifecycle::Signal;
use revento_store::RecordPages;

use super::stored::Connections;
use crate::error::ApplyWebhookError;

impl Connections {
    pub(crate) async fn apply_webhook(&self, envelope: &Envelope) -> Result<(), ApplyWebhookError> {
        let Some(Ending {
            signal,
            user,
            unreadable,
        }) = ending(envelope)?
        else {
            return Ok(());
        };
        let mut pages = self.pages(envelope, &signal);
        let mut is_known = false;
        while let Some(page) = pages.next().await? {
            for stored in page {
                let key = &stored.record.connection.key;
                if user.is_none() || key.user_id == user {
                    is_known = true;
                    self.lifecycle.apply(key, &signal).await?;
                }
            }
        }
        if !is_known {
            tracing::info!(envelope_id = %printable(envelope.id.as_str()), event_type = %envelope.event_type,
                "a webhook names a connection that the store does not know");
        }
        unreadable.map_or(Ok(()), |error| Err(error.into()))
    }

    /// The connections of the event that the webhook names, or all.
    fn pages(&self, envelope: &Envelope, signal: &Signal) -> RecordPages<'_> {
        let store = self.tokens.store();
        let client_id = self.integration.client_id().clone();
        match (&envelope.event_id, signal) {
            (Some(event_id), signal) if !matches!(signal, Signal::Suspended { .. }) => {
                RecordPages::of_event(store, client_id, event_id.clone())
            }
            _ => RecordPages::of_client(store, client_id),
        }
    }
}

/// What a webhook ends.
struct Ending {
    signal: Signal,
    /// The participant whose connections end; `None` for all connections.
    user: Option<UserId>,
    /// What could not be read, although the webhook ends something.
    unreadable: Option<EnvelopeError>,
}

fn ending(envelope: &Envelope) -> Result<Option<Ending>, EnvelopeError> {
    let occurred_at = envelope.occurred_at;
    let of_all = |signal, unreadable| {
        let user = None;
        Ok(Some(Ending {
            signal,
            user,
            unreadable,
        }))
    };
    match envelope.event_type {
        EventType::DataDeletionRequired => {
            // A body without details still ends the connection.
            let deadline_at = envelope.deletion_deadline();
            let data = envelope.data::<DeletionRequired>().ok();
            let signal = Signal::DeletionRequired {
                occurred_at,
                deadline_at: deadline_at.as_ref().ok().copied(),
                reason: data.and_then(|data| data.reason),
            };
            of_all(signal, deadline_at.err())
        }
        EventType::UserRevokedAccess => Ok(Some(Ending {
            user: Some(envelope.read::<UserRevokedAccess>()?.user_id),
            signal: Signal::UserRevoked { occurred_at },
            unreadable: None,
        })),
        EventType::IntegrationSuspended => of_all(Signal::Suspended { occurred_at }, None),
        _ => Ok(None),
    }
}
