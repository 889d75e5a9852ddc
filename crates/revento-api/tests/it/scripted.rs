//! A client whose platform is a script of answers.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use revento_api::Client;
use revento_core::{ClientId, Connection, ConnectionKey, ConnectionStatus, Scopes, Timestamp};
use revento_oauth::{Endpoints, Integration};
use revento_seal::{KeyRing, SealingKey};
use revento_store::{Clock, Record, Sealer, SystemClock, TokenStore, memory::MemoryTokens};
use revento_transport::{TransportError, testing::Scripted};

pub(crate) type Answer = Result<Response<Bytes>, TransportError>;

pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    Ok(response.body(body.into()).unwrap())
}

/// A client that is connected to `evt_1` and gets these answers.
pub(crate) async fn client(answers: impl IntoIterator<Item = Answer>) -> (Client, Arc<Scripted>) {
    client_of("evt_1", answers).await
}

pub(crate) async fn client_of(
    event: &str,
    answers: impl IntoIterator<Item = Answer>,
) -> (Client, Arc<Scripted>) {
    let wire = Arc::new(Scripted::new(answers));
    let store = Arc::new(MemoryTokens::new());
    let sealer = Arc::new(KeyRing::new(SealingKey::from_bytes([7; 32])));
    connect(&store, &sealer, event).await;
    let wired = Arc::clone(&wire);
    let client = Client::builder(integration())
        .transport(wired)
        .store(store)
        .sealer(sealer)
        .build()
        .unwrap();
    (client, wire)
}

/// The integration that the connections belong to.
pub(crate) fn integration() -> Integration {
    Integration::new(
        Endpoints::new("https://auth.test", "https://api.test/api/v1").unwrap(),
        "client",
        "https://app.test/callback",
    )
    .unwrap()
}

/// Stores a connection to an event.
pub(crate) async fn connect(store: &MemoryTokens, sealer: &KeyRing, event: &str) {
    let key = ConnectionKey::installation(ClientId::new("client"), event.into());
    let plain = br#"{"a":"rev_install_1","r":"rev_refresh_1"}"#;
    let tokens = sealer
        .seal(&format!("revento/tokens/{key}"), plain)
        .await
        .unwrap();
    let hours = |hours: i64| Timestamp::from_unix_seconds(SystemClock.now().unix_seconds() + hours * 3600);
    let connection = Connection {
        key,
        organization_id: None,
        status: ConnectionStatus::Connected,
        reason: None,
        status_since: hours(0),
        delete_by: None,
        scopes: Scopes::parse("event.read participants.read"),
        generation: 1,
        consented_at: hours(0),
        access_expires_at: hours(24),
        refresh_expires_at: hours(24 * 90),
        consent_expires_at: hours(24 * 365),
    };
    let tokens = Some(tokens);
    store.create(&Record { connection, tokens }).await.unwrap();
}

/// The body of an event.
pub(crate) const EVENT: &str = r#"{"id":"evt_1","publish_status":"published"}"#;
