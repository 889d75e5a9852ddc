//! Requests through a configured proxy (case A28).

use revento_core::error::chain;
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

/// Neither as it stands in the URL nor as a header carries it.
pub async fn h7_no_password_is_shown(make: Make<'_>) {
    let shows_none = |text: &str| {
        let text = text.to_ascii_lowercase();
        let (password, header) = ("planted", CREDENTIALS.rsplit(' ').next().unwrap_or_default());
        assert!(!text.contains(password) && !text.contains(header), "{text}");
    };
    let (_peer, _requests, config) = proxy(b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n").await;
    shows_none(&format!("{config:?} {config:#?}"));
    let transport = make(config);
    shows_none(&format!("{transport:?} {transport:#?}"));
    // A password in the URL of the request, on the way to a proxy that refuses and to a closed port.
    let url = "https://user:planted@nobody.invalid/";
    for transport in [transport, make(hasty().proxy("http://user:planted@127.0.0.1:1"))] {
        let error = transport.send(get(url)).await.unwrap_err();
        shows_none(&format!("{} {error:?} {error:#?}", chain(&error)));
        shows_none(&format!("{transport:?}"));
    }
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
