//! What is known when the time runs out.

use std::time::Duration;

use revento_transport::Transport;
use revento_transport_hyper::HyperTransport;
use tokio::net::TcpListener;

use crate::get;

/// The whole exchange runs out of time while the handshake still lasts: a transport that only knew the time
/// would hold a refresh in doubt for nothing.
#[tokio::test]
async fn t7_out_of_time_before_there_is_a_connection_was_never_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let transport = HyperTransport::builder()
        .timeout(Duration::from_millis(200))
        .connect_timeout(Duration::from_secs(60))
        .build()
        .unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let error = transport.send(get(&url)).await.unwrap_err();
    assert!(!error.may_have_arrived(), "{error}");

    // The same without TLS: the connection stands and takes the request, which nobody reads.
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let error = transport.send(get(&url)).await.unwrap_err();
    assert!(error.may_have_arrived(), "{error}");
}

#[tokio::test]
async fn what_is_no_url_was_never_sent() {
    let transport = HyperTransport::new().unwrap();
    for url in ["/relative", "ftp://127.0.0.1/", "api.test"] {
        let error = transport.send(get(url)).await.unwrap_err();
        assert!(!error.may_have_arrived(), "{url}: {error}");
    }
}
