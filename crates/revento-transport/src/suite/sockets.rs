//! Connections: used again, gone, cut.

use std::time::Duration;

use tokio::sync::mpsc;

use super::{Make, Setup, peer::Peer};

pub async fn connections_are_used_again(make: Make<'_>) {
    let peer = Peer::start(|mut connection| async move {
        while !connection.request().await.is_empty() && connection.answer("again").await {}
    })
    .await;
    let transport = make(&Setup::usual());
    for _ in 0..5 {
        assert_eq!(transport.send(peer.get()).await.unwrap().into_body(), "again");
        // The connection goes back when the answer has been read; let it.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(peer.connections(), 1, "each call pays for a handshake");
}

pub async fn a_connection_that_the_peer_has_closed_is_no_trouble(make: Make<'_>) {
    let peer = Peer::start(|mut connection| async move {
        connection.request().await;
        // Nothing says that it will close.
        connection.answer("once").await;
    })
    .await;
    let transport = make(&Setup::usual());
    for _ in 0..3 {
        assert_eq!(transport.send(peer.get()).await.unwrap().into_body(), "once");
        // Enough for the close to come in: what comes later cannot be told from an answer that was lost.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(peer.connections(), 3);
}

pub async fn a4_dropping_the_call_ends_it(make: Make<'_>) {
    let (tell, mut told) = mpsc::unbounded_channel();
    let peer = Peer::start(move |mut connection| {
        let tell = tell.clone();
        async move {
            let _ = tell.send(connection.request().await.is_empty());
            let _ = tell.send(connection.request().await.is_empty());
        }
    })
    .await;
    let transport = make(&Setup::usual());
    let request = peer.get();
    let arrived = tokio::select! {
        _ = transport.send(request) => panic!("nobody answered"),
        arrived = told.recv() => arrived,
    };
    assert_eq!(arrived, Some(false), "the request did not arrive");
    // The call is dropped now.
    let closed = tokio::time::timeout(Duration::from_secs(20), told.recv()).await;
    assert_eq!(
        closed,
        Ok(Some(true)),
        "the connection stays open for an answer that nobody wants"
    );
}
