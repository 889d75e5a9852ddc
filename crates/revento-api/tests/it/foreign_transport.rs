//! Transports of somebody else, and none.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use revento_api::Client;
use revento_core::error::ErrorKind;
use revento_oauth::{Endpoints, Integration};
use revento_seal::{KeyRing, SealingKey};
use revento_store::memory::MemoryTokens;
use revento_transport::{Transport, TransportError};

use crate::scripted::{connect, integration};

/// The SDK's client survives a transport of somebody else that panics.
#[derive(Debug)]
struct PanickingTransport;

#[async_trait::async_trait]
impl Transport for PanickingTransport {
    async fn send(&self, _: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        panic!("a planned panic of the transport")
    }
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_panics_is_an_answer_that_never_came() {
    let store = Arc::new(MemoryTokens::new());
    let sealer = Arc::new(KeyRing::new(SealingKey::from_bytes([7; 32])));
    connect(&store, &sealer, "evt_1").await;
    let client = Client::builder(integration())
        .transport(PanickingTransport)
        .store(store)
        .sealer(sealer)
        .build()
        .unwrap();
    let error = client.event("evt_1").get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert_eq!(error.attempts().len(), 4);
    assert!(
        revento_core::error::chain(&error)
            .to_string()
            .contains("the transport panicked"),
        "{error}"
    );
}

#[test]
fn a_client_without_a_transport_is_a_configuration_error() {
    let integration =
        Integration::new(Endpoints::production(), "client", "https://app.test/callback").unwrap();
    let error = Client::builder(integration)
        .store(MemoryTokens::new())
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(
        error.to_string(),
        "the transport is not set: call `transport` on the builder"
    );
}
