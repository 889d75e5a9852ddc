//! The conformance suite of transports, on reqwest.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use revento_core::error::chain;
use revento_transport_reqwest::{HttpConfig, ReqwestTransport};

revento_transport::transport_suite!(|config| ReqwestTransport::with_config(config).unwrap());

#[test]
fn h7_an_unusable_proxy_is_refused_without_its_password() {
    for url in [
        "http://me:planted@:x y",
        "http://me:planted@",
        "no scheme planted",
        "socks9://me:planted@x.test",
    ] {
        let config = HttpConfig::new().proxy(url);
        let text = match ReqwestTransport::with_config(config) {
            Ok(transport) => format!("{transport:?}"),
            Err(error) => format!("{} {error:?}", chain(&error)),
        };
        assert!(!text.contains("planted"), "{text}");
    }
}
