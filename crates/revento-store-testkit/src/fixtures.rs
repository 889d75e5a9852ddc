//! Values to store in the tests of your own store, beyond what the suites check.
//!
//! The sealed bytes of each value are its number as 8 big-endian bytes, so a test can tell which value it reads back.
//! They are not ciphertext: a [`Sealer`](revento_store::Sealer) does not open them.
//!
//! ```
//! use revento_store::{CreateOutcome, TokenStore, memory::MemoryTokens};
//! use revento_store_testkit::fixtures;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = MemoryTokens::new();
//! let record = fixtures::record("evt_1", 1);
//! assert!(matches!(store.create(&record).await?, CreateOutcome::Created(_)));
//! let stored = store.load(&fixtures::connection_key("evt_1")).await?.unwrap();
//! assert_eq!(stored.record, record);
//! # Ok(()) }
//! ```

use revento_core::{Connection, ConnectionKey, ConnectionStatus, EventType, Scopes, Timestamp};
use revento_store::{DeletionDuty, NewDelivery, Record, Sealed};

/// 2026-05-09T14:22:31Z: every time in the fixtures.
pub const NOW: Timestamp = Timestamp::from_unix_seconds(1_778_336_551);

/// The key of an event's installation of the client `clt_test`.
pub fn connection_key(event_id: &str) -> ConnectionKey {
    ConnectionKey::installation("clt_test".into(), event_id.into())
}

/// A record of a connected installation. `number` is its generation and its sealed tokens.
pub fn record(event_id: &str, number: u64) -> Record {
    Record {
        tokens: Some(Sealed::from_bytes(number.to_be_bytes())),
        connection: Connection {
            key: connection_key(event_id),
            organization_id: None,
            status: ConnectionStatus::Connected,
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

/// A delivery without an ordering key, with the envelope id `env_{number}` and the delivery id `dlv_{number}`.
pub fn delivery(number: u64) -> NewDelivery {
    NewDelivery {
        envelope_id: format!("env_{number}").into(),
        delivery_id: format!("dlv_{number}").into(),
        event_type: EventType::EventPublished,
        ordering_key: String::new(),
        occurred_at: NOW,
        signed_at: NOW,
        received_at: NOW,
        body: Sealed::from_bytes(number.to_be_bytes()),
        body_digest: [7; 32],
    }
}

/// An open deletion duty of the event `evt_1`, with the envelope id `env_{number}`.
pub fn deletion_duty(number: u64) -> DeletionDuty {
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
