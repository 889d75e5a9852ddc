//! What the tests store.

use revento_core::{Connection, ConnectionKey, EventType, Scopes, Status, Timestamp};
use revento_store::{DeletionDuty, NewDelivery, Record, Sealed};

pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_778_336_551);

pub(crate) fn key(event: &str) -> ConnectionKey {
    ConnectionKey::installation("clt_test".into(), event.into())
}

/// A record that its tokens number.
pub(crate) fn record(event: &str, number: u64) -> Record {
    Record {
        tokens: Some(Sealed::from_bytes(number.to_be_bytes())),
        connection: Connection {
            key: key(event),
            organization_id: None,
            status: Status::Connected,
            reason: None,
            status_since: NOW,
            delete_by: None,
            scopes: Scopes::parse("event.read"),
            generation: number,
            consented_at: NOW,
            access_expires_at: NOW,
            refresh_expires_at: NOW,
            consent_expires_at: NOW,
        },
    }
}

pub(crate) fn delivery(number: u64) -> NewDelivery {
    NewDelivery {
        envelope_id: format!("env_{number}").into(),
        delivery_id: format!("dlv_{number}").into(),
        event_type: EventType::EventPublished,
        ordering_key: String::new(),
        occurred_at: NOW,
        received_at: NOW,
        body: Sealed::from_bytes(number.to_be_bytes()),
        body_digest: [7; 32],
    }
}

pub(crate) fn duty(number: u64) -> DeletionDuty {
    DeletionDuty {
        envelope_id: format!("env_{number}").into(),
        event_id: Some("evt_1".into()),
        organization_id: None,
        occurred_at: NOW,
        deadline_at: NOW,
        reason: None,
        reminded_at: None,
        done: None,
    }
}
