//! The transport keeps every promise, over real sockets.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use revento_transport::suite::Setup;
use revento_transport_reqwest::ReqwestTransport;

fn make(setup: &Setup) -> ReqwestTransport {
    let mut builder = ReqwestTransport::builder()
        .timeout(setup.timeout)
        .connect_timeout(setup.connect_timeout)
        .largest_response(setup.largest_response);
    if let Some(url) = &setup.proxy {
        builder = builder.proxy(url);
    }
    builder.build().unwrap()
}

revento_transport::transport_suite!(make);
