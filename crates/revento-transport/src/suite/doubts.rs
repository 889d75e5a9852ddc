//! What certainly never left, and what may have arrived (invariant T1).

use std::time::Duration;

use tokio::net::TcpListener;

use super::{
    Make, Setup,
    answers::says,
    peer::{Connection, Peer, get},
};
use crate::TransportError;

/// The request is in doubt, and the error keeps the secrets of its URL.
fn is_in_doubt(error: &TransportError) {
    let told = error.to_string();
    assert!(
        error.may_have_arrived(),
        "a refresh token would be sent a second time, and the connection is lost: {told}"
    );
    let debug = format!("{error:?}");
    assert!(
        !told.contains("planted") && !debug.contains("planted"),
        "{told} {debug}"
    );
}

/// It certainly never left, and the error keeps the secrets of its URL.
pub(super) fn was_never_sent(error: &TransportError) {
    let told = error.to_string();
    assert!(
        !error.may_have_arrived(),
        "a connection would be held in doubt for nothing: {told}"
    );
    assert!(told.starts_with("the request was never sent: "), "{told}");
    let debug = format!("{error:?}");
    assert!(
        !told.contains("planted") && !debug.contains("planted"),
        "{told} {debug}"
    );
}

pub async fn a_closed_port_never_received_anything(make: Make<'_>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/?token=planted", listener.local_addr().unwrap());
    drop(listener);
    was_never_sent(&make(&Setup::usual()).send(get(&url)).await.unwrap_err());
}

pub async fn a_name_that_does_not_exist_never_received_anything(make: Make<'_>) {
    let setup = Setup {
        connect_timeout: Duration::from_secs(2),
        ..Setup::usual()
    };
    let request = get("http://nobody.invalid/?token=planted");
    was_never_sent(&make(&setup).send(request).await.unwrap_err());
}

pub async fn t7_a_handshake_that_never_ends_was_never_sent(make: Make<'_>) {
    let peer = Peer::start(|mut connection| async move {
        connection.request().await;
    })
    .await;
    let setup = Setup {
        timeout: Duration::from_secs(30),
        ..Setup::hasty()
    };
    let request = get(&peer.url().replace("http://", "https://"));
    was_never_sent(&make(&setup).send(request).await.unwrap_err());
}

pub async fn t7_a_reset_after_the_request_may_have_arrived(make: Make<'_>) {
    let peer = Peer::start(|mut connection| async move {
        connection.request().await;
        connection.reset();
    })
    .await;
    is_in_doubt(&make(&Setup::usual()).send(peer.get()).await.unwrap_err());
}

pub async fn t7_a_close_without_an_answer_may_have_arrived(make: Make<'_>) {
    let peer = Peer::start(|mut connection| async move {
        connection.request().await;
    })
    .await;
    is_in_doubt(&make(&Setup::usual()).send(peer.get()).await.unwrap_err());
}

pub async fn t7_a_peer_that_never_answers_may_have_received_it(make: Make<'_>) {
    let peer = says(b"").await;
    is_in_doubt(&make(&Setup::hasty()).send(peer.get()).await.unwrap_err());
}

pub async fn t7_an_answer_that_breaks_off_may_have_arrived(make: Make<'_>) {
    let peer = Peer::start(|mut connection| async move {
        connection.request().await;
        connection
            .write(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{\"access")
            .await;
    })
    .await;
    is_in_doubt(&make(&Setup::usual()).send(peer.get()).await.unwrap_err());
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
    is_in_doubt(&make(&Setup::hasty()).send(peer.get()).await.unwrap_err());
}

pub async fn t7_an_answer_that_is_no_http_may_have_arrived(make: Make<'_>) {
    let peer = says(b"220 mail.example ESMTP\r\n").await;
    is_in_doubt(&make(&Setup::usual()).send(peer.get()).await.unwrap_err());
}

pub async fn t7_nothing_is_sent_twice(make: Make<'_>) {
    let peer = Peer::start(|mut connection| async move {
        connection.request().await;
    })
    .await;
    is_in_doubt(&make(&Setup::usual()).send(peer.get()).await.unwrap_err());
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
    let transport = make(&Setup::usual());
    assert_eq!(transport.send(peer.get()).await.unwrap().into_body(), "first");
    tokio::time::sleep(Duration::from_millis(50)).await;
    is_in_doubt(&transport.send(peer.get()).await.unwrap_err());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(peer.connections(), 1, "a transport never repeats a request");
}
