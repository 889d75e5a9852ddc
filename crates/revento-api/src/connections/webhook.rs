//! What webhooks do to connections (contract §2.6, invariant T8).

use revento_core::{
    Envelope, EnvelopeError, EventId, EventType, UserId, kind::UserRevokedAccess, resource::DeletionRequired,
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
            event,
            user,
            unreadable,
        }) = ending(envelope)?
        else {
            return Ok(());
        };
        let mut pages = self.pages(event);
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

    /// The connections of an event, or all.
    fn pages(&self, event: Option<EventId>) -> RecordPages<'_> {
        let store = self.tokens.store();
        let client_id = self.integration.client_id().clone();
        match event {
            Some(event_id) => RecordPages::of_event(store, client_id, event_id),
            None => RecordPages::of_client(store, client_id),
        }
    }
}

/// What a webhook ends.
struct Ending {
    signal: Signal,
    /// The event whose connections end; `None` for all events.
    event: Option<EventId>,
    /// The participant whose connections end; `None` for all connections.
    user: Option<UserId>,
    /// What could not be read, although the webhook ends something.
    unreadable: Option<EnvelopeError>,
}

fn ending(envelope: &Envelope) -> Result<Option<Ending>, EnvelopeError> {
    let occurred_at = envelope.occurred_at;
    match envelope.event_type {
        EventType::DataDeletionRequired => {
            let data = envelope.data::<DeletionRequired>();
            let (event, reason) = match (data, &envelope.event_id) {
                (Ok(data), event) => (event.clone().or(data.event_id), data.reason),
                // A body without details still ends the connection.
                (Err(_), Some(event)) => (Some(event.clone()), None),
                // Nothing says which connection has ended, and it must not be every one.
                (Err(error), None) => return Err(error),
            };
            let deadline_at = envelope.deletion_deadline();
            Ok(Some(Ending {
                signal: Signal::DeletionRequired {
                    occurred_at,
                    deadline_at: deadline_at.as_ref().ok().copied(),
                    reason,
                },
                event,
                user: None,
                unreadable: deadline_at.err(),
            }))
        }
        EventType::UserRevokedAccess => {
            let data = envelope.read::<UserRevokedAccess>()?;
            Ok(Some(Ending {
                signal: Signal::UserRevoked { occurred_at },
                event: envelope.event_id.clone().or(data.event_id),
                user: Some(data.user_id),
                unreadable: None,
            }))
        }
        EventType::IntegrationSuspended => Ok(Some(Ending {
            signal: Signal::Suspended { occurred_at },
            event: None,
            user: None,
            unreadable: None,
        })),
        _ => Ok(None),
    }
}
