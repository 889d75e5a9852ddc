//! The delivery that all contestants verify: a text of the given size, with the headers of a real request.

use http::{HeaderMap, HeaderName, HeaderValue};
use revento_webhooks::Signer;

pub const SECRET: &str = "whsec_6f1c0b9a7e5d4c3b2a19087f6e5d4c3b";

pub struct Message {
    pub body: Vec<u8>,
    pub now: i64,
    pub timestamp: String,
    pub headers: HeaderMap,
}

impl Message {
    pub fn new(bytes: usize, now: i64) -> Self {
        let body = vec![b'x'; bytes];
        let timestamp = now.to_string();
        let signature = Signer::new(SECRET).expect("a secret").sign(now, &body);
        let headers = headers([
            ("host", "hooks.example.com"),
            ("content-type", "application/json"),
            ("content-length", &bytes.to_string()),
            ("user-agent", "Revento-Webhooks/1"),
            ("x-revento-event", "application.approved"),
            ("x-revento-delivery-id", "5f0c9f0e-6d2a-4a53-9d3c-0d2f6f6f1f11"),
            ("x-revento-timestamp", &timestamp),
            ("x-revento-signature", &signature),
        ]);
        Self {
            body,
            now,
            timestamp,
            headers,
        }
    }
}

pub fn headers<const N: usize>(pairs: [(&'static str, &str); N]) -> HeaderMap {
    pairs
        .into_iter()
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_str(value).expect("visible text"),
            )
        })
        .collect()
}
