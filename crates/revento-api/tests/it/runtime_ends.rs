//! A runtime that ends while a refresh is under way, and dependencies that fail once the request is out.

use std::{net::TcpListener, sync::Arc, time::Duration};

use revento_api::{Client, Pacing, SessionError};
use revento_core::{ConnectionStatus, error::ErrorKind};
use revento_oauth::{Endpoints, Integration};
use revento_seal::{KeyRing, SealingKey};
use revento_store::{Clock, TokenStore};
use revento_transport_reqwest::ReqwestTransport;
use tokio::runtime::Runtime;

use crate::support::{EVENT, Plan, World};

/// A client of the same connection whose requests go over a socket to this address.
fn over_a_socket(world: &World, base: &str) -> Client {
    let integration =
        Integration::new(Endpoints::sandbox(base).unwrap(), "client", "http://127.0.0.1/cb").unwrap();
    let store: Arc<dyn TokenStore> = Arc::<crate::support::FaultyStore>::clone(&world.store);
    let clock: Arc<dyn Clock> = Arc::<crate::support::ManualClock>::clone(&world.clock);
    Client::builder(integration)
        .transport(ReqwestTransport::new().unwrap())
        .store(store)
        .sealer(KeyRing::new(SealingKey::from_bytes([7; 32])))
        .clock(clock)
        .pacing(Pacing::off())
        .build()
        .unwrap()
}

#[test]
fn h28_a_runtime_that_ends_during_a_refresh_leaves_the_outcome_open() {
    // A token endpoint that takes the request and does not answer.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (first, second) = (Runtime::new().unwrap(), Runtime::new().unwrap());
    let (world, client) = first.block_on(async {
        let world = World::connected().await;
        let client = over_a_socket(&world, &base);
        (world, client)
    });
    world.until_before_the_end(Duration::ZERO);
    let event = client.event(EVENT);
    let refreshing = event.clone();
    first.spawn(async move { refreshing.access_token().await });
    let (mut request, _) = listener.accept().unwrap();
    let read = std::io::Read::read(&mut request, &mut [0; 1024]).unwrap();
    assert!(read > 0, "the request is out");
    first.shutdown_timeout(Duration::from_secs(10));

    let error = second.block_on(event.access_token()).unwrap_err();
    assert!(error.may_have_taken_effect(), "{error}");
    assert!(error.to_string().contains("may have taken effect"), "{error}");
    assert!(!error.to_string().contains("nothing was sent"), "{error}");
    assert!(error.request_id().is_some());
}

#[tokio::test(start_paused = true)]
async fn h28_a_store_that_fails_once_the_request_is_out_leaves_the_outcome_open() {
    for plan in [
        Plan::LoseAnswer,
        Plan::LoseRequest,
        Plan::Panic,
        Plan::Answer(502, "<html>"),
    ] {
        let world = World::connected().await;
        world.until_before_the_end(Duration::ZERO);
        world.platform.plan([plan.clone()]);
        world.store.swaps_fail(true);
        let error = world.token().await.unwrap_err();
        assert!(matches!(error, SessionError::InDoubt { .. }), "{plan:?}: {error}");
        assert!(error.may_have_taken_effect() && error.is_transient());
        assert_eq!(error.kind(), ErrorKind::Storage);
        assert!(error.request_id().is_some());

        // The claim ends, which leaves the same doubt: the token is sent once more, deliberately.
        world.store.swaps_fail(false);
        world.clock.advance(Duration::from_secs(61));
        let after = world.replica().event(EVENT).access_token().await;
        // Only the platform that has rotated the tokens refuses it: their new pair got lost.
        let has_rotated = matches!(plan, Plan::LoseAnswer);
        assert_eq!(after.is_ok(), !has_rotated, "{plan:?}");
        assert_eq!(world.platform.refreshes(), 2, "{plan:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn h28_a_store_that_fails_before_the_request_has_sent_nothing() {
    let world = World::connected().await;
    world.until_before_the_end(Duration::ZERO);
    world.store.down(true);
    let error = world.token().await.unwrap_err();
    assert!(matches!(error, SessionError::Store { .. }), "{error}");
    assert!(!error.may_have_taken_effect());
    assert_eq!(world.platform.refreshes(), 0);
    world.store.down(false);
    assert_eq!(world.token().await.as_deref(), Ok("rev_install_2"));
    assert_eq!(world.stored().await.status, ConnectionStatus::Connected);
}
