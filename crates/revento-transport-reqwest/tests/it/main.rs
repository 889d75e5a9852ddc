//! The conformance suite of transports, on reqwest.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use revento_transport_reqwest::ReqwestTransport;

revento_transport::transport_suite!(|config| ReqwestTransport::with_config(config).unwrap());
