//! Requests arrive unchanged, and responses come back whole.

use bytes::Bytes;
use http::Method;

use super::{
    Make,
    peer::{Connection, Peer},
    usual,
};
use crate::Transport;

pub async fn an_answer_of_any_status_is_an_answer(make: Make<'_>) {
    let peer = says(b"HTTP/1.1 503 No\r\nx-a: b\r\nx-a: c\r\ncontent-length: 2\r\n\r\nhi").await;
    let response = make(usual()).send(peer.get()).await.unwrap();
    assert_eq!(response.status(), 503);
    assert!(
        response.headers().get_all("x-a").iter().eq(["b", "c"]),
        "{response:?}"
    );
    assert_eq!(response.into_body(), "hi");
}

pub async fn the_request_arrives_as_it_was_given(make: Make<'_>) {
    let peer = Peer::start(|mut connection| async move {
        let request = connection.request().await;
        connection.answer(&request).await;
    })
    .await;
    let request = http::Request::post(format!("http://{}/a/b%2Fc?d=e%20f&g", peer.address))
        .header("authorization", "Bearer x")
        .header("x-twice", "one")
        .header("x-twice", "two")
        .body(Bytes::from_static(b"grant_type=refresh_token"))
        .unwrap();
    let answer = make(usual()).send(request).await.unwrap().into_body();
    let (head, body) = std::str::from_utf8(&answer)
        .unwrap()
        .split_once("\r\n\r\n")
        .unwrap();
    let (line, headers) = head.split_once("\r\n").unwrap();
    assert_eq!(line, "POST /a/b%2Fc?d=e%20f&g HTTP/1.1");
    assert_eq!(body, "grant_type=refresh_token");
    let headers = headers.to_ascii_lowercase();
    let mut lines: Vec<&str> = headers.lines().collect();
    lines.retain(|line| !line.starts_with("user-agent: ") && *line != "accept: */*");
    lines.sort_unstable();
    let host = format!("host: {}", peer.address);
    let expected = [
        "authorization: bearer x",
        "content-length: 24",
        &host,
        "x-twice: one",
        "x-twice: two",
    ];
    assert_eq!(lines, expected, "a transport adds no header except user-agent");
}

pub async fn answers_without_a_body_are_whole(make: Make<'_>) {
    let transport = make(usual());
    let peer = says(b"HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(transport.send(peer.get()).await.unwrap().body().len(), 0);
    let peer = says(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n").await;
    let mut request = peer.get();
    *request.method_mut() = Method::HEAD;
    assert_eq!(transport.send(request).await.unwrap().body().len(), 0);
}

pub async fn a_response_may_be_as_large_as_agreed(make: Make<'_>) {
    let peer = Peer::start(|mut connection| async move {
        connection.request().await;
        connection.answer(&"x".repeat(1024)).await;
    })
    .await;
    let response = make(usual()).send(peer.get()).await.unwrap();
    assert_eq!(response.body().len(), 1024);
}

pub async fn a_response_that_is_too_large_is_cut(make: Make<'_>) {
    let peer = Peer::start(|mut connection| async move {
        connection.request().await;
        connection
            .write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
            .await;
        // The body has no end: the reader has to stop.
        while connection.write(&[b'x'; 4096]).await {}
    })
    .await;
    is_refused_for_its_size(&*make(usual()), &peer).await;
}

pub async fn a_response_that_announces_too_much_is_refused(make: Make<'_>) {
    let peer = Peer::start(|mut connection| async move {
        connection.request().await;
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", u64::MAX);
        connection.write(head.as_bytes()).await;
        while connection.write(&[b'x'; 4096]).await {}
    })
    .await;
    let error = make(usual()).send(peer.get()).await.unwrap_err();
    assert!(error.may_have_taken_effect(), "the request arrived: {error}");
}

async fn is_refused_for_its_size(transport: &dyn Transport, peer: &Peer) {
    let error = transport.send(peer.get()).await.unwrap_err();
    assert!(error.may_have_taken_effect(), "the request arrived: {error}");
    assert!(error.to_string().contains("more than 1024 bytes"), "{error}");
    assert!(error.is_too_large() && !error.is_transient());
}

pub async fn o14_redirects_are_answers(make: Make<'_>) {
    let transport = make(usual());
    for status in [301, 302, 303, 307, 308] {
        let peer = Peer::start(move |mut connection| async move {
            connection.request().await;
            let answer =
                format!("HTTP/1.1 {status} Moved\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n");
            connection.write(answer.as_bytes()).await;
            assert_eq!(
                connection.request().await,
                "",
                "the transport followed a redirect"
            );
        })
        .await;
        let response = transport.send(peer.get()).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(
            peer.connections(),
            1,
            "the transport followed a redirect, with credentials"
        );
    }
}

pub async fn many_at_once_get_their_own_answers(make: Make<'_>) {
    let peer = Peer::start(|mut connection| async move {
        loop {
            let request = connection.request().await;
            let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
            if path.is_empty() || !connection.answer(&path).await {
                return;
            }
        }
    })
    .await;
    let transport: std::sync::Arc<dyn Transport> = make(usual()).into();
    let calls: Vec<_> = (0..16)
        .map(|number| {
            let path = format!("/{number}");
            let request = super::peer::get(&format!("http://{}{path}", peer.address));
            let transport = std::sync::Arc::clone(&transport);
            tokio::spawn(async move { (path, transport.send(request).await.unwrap().into_body()) })
        })
        .collect();
    for call in calls {
        let (path, body) = call.await.unwrap();
        assert_eq!(body, path);
    }
}

/// A peer that reads one request from each connection and writes `bytes`.
pub(super) async fn says(bytes: &'static [u8]) -> Peer {
    Peer::start(move |mut connection: Connection| async move {
        connection.request().await;
        connection.write(bytes).await;
        // Wait until the transport closes the connection.
        connection.request().await;
    })
    .await
}
