//! The `Cookie` headers of a browser.

use http::{HeaderMap, HeaderValue, header::COOKIE};

// The crate keeps its reader to itself.
#[allow(dead_code, reason = "the crate uses more of it")]
#[path = "../../../crates/revento-web/src/browser/cookies.rs"]
mod reader;

const NAME: &str = "__Host-revento_session";

/// No neighbour hides a cookie, in the same header or in another.
pub(super) fn cookies(data: &[u8]) {
    let ours = format!("{NAME}=planted").into_bytes();
    for headers in [
        vec![[data, b"; ", &ours].concat()],
        vec![[&ours, b"; ".as_slice(), data].concat()],
        vec![data.to_vec(), ours.clone()],
        vec![ours.clone(), data.to_vec()],
    ] {
        let mut map = HeaderMap::new();
        for value in &headers {
            let Ok(value) = HeaderValue::from_bytes(value) else {
                return; // No server passes on such a header.
            };
            map.append(COOKIE, value);
        }
        assert!(reader::named(&map, NAME).any(|value| value == "planted"));
        for (name, value) in reader::all(&map) {
            assert!(
                !name.contains([';', '=']) && !value.contains(';'),
                "{name}={value}"
            );
        }
    }
}
