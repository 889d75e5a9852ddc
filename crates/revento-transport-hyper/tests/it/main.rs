//! The transport keeps every promise, over real sockets.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod http2;
mod time;
mod tls;
#[cfg(unix)]
mod unix;

use bytes::Bytes;
use revento_transport::suite::Setup;
use revento_transport_hyper::HyperTransport;

fn make(setup: &Setup) -> HyperTransport {
    let mut builder = HyperTransport::builder()
        .timeout(setup.timeout)
        .connect_timeout(setup.connect_timeout)
        .largest_response(setup.largest_response);
    if let Some(url) = &setup.proxy {
        builder = builder.proxy(url);
    }
    builder.build().unwrap()
}

revento_transport::transport_suite!(make);

fn get(url: &str) -> http::Request<Bytes> {
    http::Request::get(url).body(Bytes::new()).unwrap()
}
