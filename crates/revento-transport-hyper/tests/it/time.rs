//! Timeouts before and after the connection.

use std::time::Duration;

use revento_core::error::ErrorKind;
use revento_transport::Transport;
use revento_transport_hyper::{HttpConfig, HyperTransport};
use tokio::net::TcpListener;

use crate::get;

/// The timeout of the exchange passes during the handshake: the request was never sent, so the SDK need not hold the
/// refresh in doubt.
#[tokio::test]
async fn t7_out_of_time_before_there_is_a_connection_was_never_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let transport = HyperTransport::with_config(
        HttpConfig::new()
            .timeout(Duration::from_millis(200))
            .connect_timeout(Duration::from_secs(60)),
    )
    .unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let error = transport.send(get(&url)).await.unwrap_err();
    assert!(!error.may_have_taken_effect(), "{error}");
    assert_eq!(error.kind(), ErrorKind::Timeout);

    // Without TLS: the connection takes the request, and the peer does not read it.
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let error = transport.send(get(&url)).await.unwrap_err();
    assert!(error.may_have_taken_effect(), "{error}");
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn a_request_without_an_absolute_url_is_invalid() {
    let transport = HyperTransport::new().unwrap();
    for url in ["/relative", "ftp://127.0.0.1/", "api.test"] {
        let error = transport.send(get(url)).await.unwrap_err();
        assert!(!error.may_have_taken_effect(), "{url}: {error}");
        assert_eq!(error.kind(), ErrorKind::Usage, "{url}");
    }
}
