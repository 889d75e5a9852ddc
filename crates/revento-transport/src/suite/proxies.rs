//! Through a proxy that was asked for (A28).

use tokio::sync::mpsc;

use super::{
    Make, Setup,
    doubts::was_never_sent,
    peer::{Peer, get},
};

/// A proxy that gives this answer to each request, what it was asked, and how to be asked.
async fn proxy(answer: &'static [u8]) -> (Peer, mpsc::UnboundedReceiver<String>, Setup) {
    let (tell, asked) = mpsc::unbounded_channel();
    let peer = Peer::start(move |mut connection| {
        let tell = tell.clone();
        async move {
            let _ = tell.send(connection.request().await);
            connection.write(answer).await;
            let _ = tell.send(connection.request().await);
        }
    })
    .await;
    let setup = Setup {
        proxy: Some(format!("http://user:planted@{}", peer.address)),
        ..Setup::hasty()
    };
    (peer, asked, setup)
}

/// `user:planted`, as Basic has it.
const CREDENTIALS: &str = "proxy-authorization: basic dxnlcjpwbgfudgvk";

pub async fn a28_a_proxy_forwards(make: Make<'_>) {
    let (_peer, mut asked, setup) = proxy(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await;
    let response = make(&setup)
        .send(get("http://nobody.invalid/a?b=c"))
        .await
        .unwrap();
    assert_eq!(response.into_body(), "hi");
    let request = asked.recv().await.unwrap();
    assert!(
        request.starts_with("GET http://nobody.invalid/a?b=c HTTP/1.1\r\n"),
        "{request}"
    );
    let request = request.to_ascii_lowercase();
    assert!(request.contains("host: nobody.invalid\r\n"), "{request}");
    assert!(request.contains(CREDENTIALS), "{request}");
}

pub async fn a28_a_proxy_tunnels(make: Make<'_>) {
    let (_peer, mut asked, setup) = proxy(b"HTTP/1.1 200 OK\r\n\r\n").await;
    // Nobody shakes hands in the tunnel, so nothing was sent.
    let error = make(&setup)
        .send(get("https://nobody.invalid/a?token=planted"))
        .await
        .unwrap_err();
    was_never_sent(&error);
    let request = asked.recv().await.unwrap();
    assert!(
        request.starts_with("CONNECT nobody.invalid:443 HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.to_ascii_lowercase().contains(CREDENTIALS), "{request}");
    assert!(
        !request.contains("planted"),
        "the proxy saw what is in the tunnel: {request}"
    );
}

pub async fn a28_a_tunnel_that_is_refused_was_never_sent(make: Make<'_>) {
    for answer in [
        &b"HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\n\r\n"[..],
        b"HTTP/1.1 502 No\r\ncontent-length: 0\r\n\r\n",
    ] {
        let (_peer, _asked, setup) = proxy(answer).await;
        let error = make(&setup)
            .send(get("https://nobody.invalid/?token=planted"))
            .await
            .unwrap_err();
        was_never_sent(&error);
    }
}
