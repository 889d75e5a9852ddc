//! The conformance suite of transports, on hyper.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod http2;
mod time;
mod tls;
#[cfg(unix)]
mod unix;

use bytes::Bytes;
use revento_transport_hyper::HyperTransport;

revento_transport::transport_suite!(|config| HyperTransport::with_config(config).unwrap());

fn get(url: &str) -> http::Request<Bytes> {
    http::Request::get(url).body(Bytes::new()).unwrap()
}
