//! Failures: which requests were certainly never sent, and which may have taken effect (invariant T1).

use std::{sync::Arc, time::Duration};

use revento_core::error::chain;
use tokio::{net::TcpListener, sync::mpsc};

use super::{
    Make, hasty,
    peer::{Connection, Peer, get},
    responses::says,
    usual,
};
use crate::{HttpConfig, Transport, TransportError};

/// The request may have taken effect, and the error does not show the secrets of its URL.
fn is_in_doubt(error: &TransportError) {
    let text = chain(error).to_string();
    assert!(
        error.may_have_taken_effect(),
        "the SDK would send a refresh token twice and lose the connection: {text}"
    );
    shows_no_secret(error, &text);
}

/// The request certainly was not sent, and the error does not show the secrets of its URL.
pub(super) fn was_never_sent(error: &TransportError) {
    let text = chain(error).to_string();
    assert!(
        !error.may_have_taken_effect(),
        "the SDK would hold a connection in doubt without a reason: {text}"
    );
    assert!(error.is_transient(), "{text}");
    shows_no_secret(error, &text);
}

fn shows_no_secret(error: &TransportError, text: &str) {
    let debug = format!("{error:?}");
    assert!(
        !text.contains("planted") && !debug.contains("planted"),
        "{text} {debug}"
    );
}

pub async fn a_closed_port_never_received_anything(make: Make<'_>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/?token=planted", listener.local_addr().unwrap());
    drop(listener);
    was_never_sent(&make(usual()).send(get(&url)).await.unwrap_err());
}

pub async fn a_name_that_does_not_exist_never_received_anything(make: Make<'_>) {
    let config = HttpConfig {
        connect_timeout: Duration::from_secs(2),
        ..usual()
    };
    let request = get("http://nobody.invalid/?token=planted");
    was_never_sent(&make(config).send(request).await.unwrap_err());
}

pub async fn t7_a_handshake_that_never_ends_was_never_sent(make: Make<'_>) {
    let peer = Peer::start(|mut connection| async move {
        connection.request().await;
    })
    .await;
    let config = HttpConfig {
        timeout: Duration::from_secs(30),
        ..hasty()
    };
    let request = get(&peer.url().replace("http://", "https://"));
    was_never_sent(&make(config).send(request).await.unwrap_err());
}

pub async fn t7_a_reset_after_the_request_may_have_arrived(make: Make<'_>) {
    let peer = Peer::start(|mut connection| async move {
        connection.request().await;
        connection.reset();
    })
    .await;
    is_in_doubt(&make(usual()).send(peer.get()).await.unwrap_err());
}

pub async fn t7_a_close_without_an_answer_may_have_arrived(make: Make<'_>) {
    let peer = Peer::start(|mut connection| async move {
        connection.request().await;
    })
    .await;
    is_in_doubt(&make(usual()).send(peer.get()).await.unwrap_err());
}

/// The connection belongs to another runtime than the call, and that runtime is shut down before the answer.
pub async fn h28_a_runtime_that_ends_during_a_call_leaves_the_outcome_open(make: Make<'_>) {
    let (report, mut arrived) = mpsc::unbounded_channel();
    let peer = Peer::start(move |mut connection| {
        let report = report.clone();
        async move {
            connection.request().await;
            connection.answer("first").await;
            let _ = report.send(connection.request().await.is_empty());
            connection.request().await;
        }
    })
    .await;
    let transport: Arc<dyn Transport> = make(usual()).into();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (first, request) = (Arc::clone(&transport), peer.get());
    let answer = runtime.spawn(async move { first.send(request).await });
    assert_eq!(answer.await.unwrap().unwrap().into_body(), "first");
    // The connection returns to the pool after the answer was read.
    tokio::time::sleep(Duration::from_millis(50)).await;

    let request = peer.get();
    let call = tokio::spawn(async move { transport.send(request).await });
    assert_eq!(
        arrived.recv().await,
        Some(false),
        "the second request did not arrive"
    );
    runtime.shutdown_background();
    is_in_doubt(&call.await.unwrap().unwrap_err());
    assert_eq!(peer.connections(), 1, "a transport never repeats a request");
}

pub async fn t7_a_peer_that_never_answers_may_have_received_it(make: Make<'_>) {
    let peer = says(b"").await;
    is_in_doubt(&make(hasty()).send(peer.get()).await.unwrap_err());
}

pub async fn t7_an_answer_that_breaks_off_may_have_arrived(make: Make<'_>) {
    let peer = Peer::start(|mut connection| async move {
        connection.request().await;
        connection
            .write(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{\"access")
            .await;
    })
    .await;
    is_in_doubt(&make(usual()).send(peer.get()).await.unwrap_err());
}

pub async fn t7_an_answer_that_drips_for_ever_is_cut_off(make: Make<'_>) {
    let peer = Peer::start(|mut connection| async move {
        connection.request().await;
        connection
            .write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
            .await;
        while connection.write(b"x").await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    is_in_doubt(&make(hasty()).send(peer.get()).await.unwrap_err());
}

pub async fn t7_an_answer_that_is_no_http_may_have_arrived(make: Make<'_>) {
    let peer = says(b"220 mail.example ESMTP\r\n").await;
    is_in_doubt(&make(usual()).send(peer.get()).await.unwrap_err());
}

pub async fn t7_nothing_is_sent_twice(make: Make<'_>) {
    let peer = Peer::start(|mut connection| async move {
        connection.request().await;
    })
    .await;
    is_in_doubt(&make(usual()).send(peer.get()).await.unwrap_err());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(peer.connections(), 1, "a transport never repeats a request");
}

pub async fn t7_nothing_is_sent_twice_on_a_connection_used_again(make: Make<'_>) {
    let peer = Peer::start(|mut connection: Connection| async move {
        connection.request().await;
        connection.answer("first").await;
        // The second request arrives on the same connection, and is lost.
        let second = connection.request().await;
        assert!(connection.number > 0 || !second.is_empty());
    })
    .await;
    let transport = make(usual());
    assert_eq!(transport.send(peer.get()).await.unwrap().into_body(), "first");
    tokio::time::sleep(Duration::from_millis(50)).await;
    is_in_doubt(&transport.send(peer.get()).await.unwrap_err());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(peer.connections(), 1, "a transport never repeats a request");
}
