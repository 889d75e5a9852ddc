//! Requests through a Unix socket (case A28).

use revento_transport::Transport;
use revento_transport_hyper::{HttpConfig, HyperTransport};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixListener,
};

use crate::get;

#[tokio::test]
async fn a28_a_unix_socket_is_a_peer() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("sidecar.sock");
    let transport = HyperTransport::over_unix_socket(&path, HttpConfig::new()).unwrap();
    let url = "http://api.test/v1";
    assert!(
        !transport
            .send(get(url))
            .await
            .unwrap_err()
            .may_have_taken_effect()
    );

    let listener = UnixListener::bind(&path).unwrap();
    let peer = tokio::spawn(async move {
        let mut stream = listener.accept().await.unwrap().0;
        let mut head = vec![0; 1024];
        let count = stream.read(&mut head).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")
            .await
            .unwrap();
        String::from_utf8(head.drain(..count).collect())
            .unwrap()
            .to_ascii_lowercase()
    });
    assert_eq!(transport.send(get(url)).await.unwrap().into_body(), "hi");
    let asked = peer.await.unwrap();
    assert!(
        asked.starts_with("get /v1 http/1.1\r\n") && asked.contains("host: api.test\r\n"),
        "{asked}"
    );
}
