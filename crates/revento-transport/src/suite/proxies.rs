//! Requests through a configured proxy (case A28).

use tokio::sync::mpsc;

use crate::HttpConfig;

use super::{
    Make,
    failures::was_never_sent,
    hasty,
    peer::{Peer, get},
};

/// A proxy that gives `answer` to each request, the requests that it got, and the settings that use it.
async fn proxy(answer: &'static [u8]) -> (Peer, mpsc::UnboundedReceiver<String>, HttpConfig) {
    let (report, requests) = mpsc::unbounded_channel();
    let peer = Peer::start(move |mut connection| {
        let report = report.clone();
        async move {
            let _ = report.send(connection.request().await);
            connection.write(answer).await;
            let _ = report.send(connection.request().await);
        }
    })
    .await;
    let config = hasty().proxy(format!("http://user:planted@{}", peer.address));
    (peer, requests, config)
}

/// `user:planted` as Basic credentials.
const CREDENTIALS: &str = "proxy-authorization: basic dxnlcjpwbgfudgvk";

pub async fn a28_a_proxy_forwards(make: Make<'_>) {
    let (_peer, mut requests, config) = proxy(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await;
    let response = make(config)
        .send(get("http://nobody.invalid/a?b=c"))
        .await
        .unwrap();
    assert_eq!(response.into_body(), "hi");
    let request = requests.recv().await.unwrap();
    assert!(
        request.starts_with("GET http://nobody.invalid/a?b=c HTTP/1.1\r\n"),
        "{request}"
    );
    let request = request.to_ascii_lowercase();
    assert!(request.contains("host: nobody.invalid\r\n"), "{request}");
    assert!(request.contains(CREDENTIALS), "{request}");
}

pub async fn a28_a_proxy_tunnels(make: Make<'_>) {
    let (_peer, mut requests, config) = proxy(b"HTTP/1.1 200 OK\r\n\r\n").await;
    // The TLS handshake in the tunnel fails, so nothing was sent.
    let error = make(config)
        .send(get("https://nobody.invalid/a?token=planted"))
        .await
        .unwrap_err();
    was_never_sent(&error);
    let request = requests.recv().await.unwrap();
    assert!(
        request.starts_with("CONNECT nobody.invalid:443 HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.to_ascii_lowercase().contains(CREDENTIALS), "{request}");
    assert!(
        !request.contains("planted"),
        "the proxy read the content of the tunnel: {request}"
    );
}

pub async fn a28_a_tunnel_that_is_refused_was_never_sent(make: Make<'_>) {
    for answer in [
        &b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"[..],
        b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
    ] {
        let (_peer, _requests, config) = proxy(answer).await;
        let error = make(config)
            .send(get("https://nobody.invalid/?token=planted"))
            .await
            .unwrap_err();
        was_never_sent(&error);
    }
}
