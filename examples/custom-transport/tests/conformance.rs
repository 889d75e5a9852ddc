//! Each check of the suite is a test, over real sockets.
#![allow(clippy::unwrap_used, reason = "a failing test panics")]

use revento_example_custom_transport::ClientTransport;
use revento_transport::HttpConfig;

/// The program's client, with the settings of a check.
fn transport(config: HttpConfig) -> ClientTransport {
    let mut client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .timeout(config.timeout)
        .connect_timeout(config.connect_timeout);
    if let Some(url) = &config.proxy {
        client = client.proxy(reqwest::Proxy::all(url.expose()).unwrap());
    }
    ClientTransport::new(client.build().unwrap()).max_response_bytes(config.max_response_bytes)
}

revento_transport::transport_suite!(transport);
