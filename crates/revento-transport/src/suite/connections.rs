//! Connections: reuse, close by the peer, cancellation.

use std::time::Duration;

use tokio::sync::mpsc;

use super::{Make, peer::Peer, usual};

pub async fn connections_are_used_again(make: Make<'_>) {
    let peer = Peer::start(|mut connection| async move {
        while !connection.request().await.is_empty() && connection.answer("again").await {}
    })
    .await;
    let transport = make(usual());
    for _ in 0..5 {
        assert_eq!(transport.send(peer.get()).await.unwrap().into_body(), "again");
        // The connection returns to the pool after the answer was read.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(
        peer.connections(),
        1,
        "the transport opens a connection for each request"
    );
}

pub async fn a_connection_that_the_peer_has_closed_is_no_trouble(make: Make<'_>) {
    let peer = Peer::start(|mut connection| async move {
        connection.request().await;
        // No header announces the close.
        connection.answer("once").await;
    })
    .await;
    let transport = make(usual());
    for _ in 0..3 {
        assert_eq!(transport.send(peer.get()).await.unwrap().into_body(), "once");
        // Long enough for the close to arrive: a later close looks like a lost answer.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(peer.connections(), 3);
}

pub async fn a4_dropping_the_call_ends_it(make: Make<'_>) {
    let (report, mut reports) = mpsc::unbounded_channel();
    let peer = Peer::start(move |mut connection| {
        let report = report.clone();
        async move {
            let _ = report.send(connection.request().await.is_empty());
            let _ = report.send(connection.request().await.is_empty());
        }
    })
    .await;
    let transport = make(usual());
    let request = peer.get();
    let arrived = tokio::select! {
        _ = transport.send(request) => panic!("the peer sends no answer"),
        arrived = reports.recv() => arrived,
    };
    assert_eq!(arrived, Some(false), "the request did not arrive");
    // The future is dropped now.
    let closed = tokio::time::timeout(Duration::from_secs(20), reports.recv()).await;
    assert_eq!(
        closed,
        Ok(Some(true)),
        "the connection of a dropped call stays open"
    );
}
