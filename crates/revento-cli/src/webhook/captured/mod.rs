//! Requests that somebody has saved: as raw HTTP, as a curl command, or as a HAR file of a browser or proxy.

mod curl;
mod har;
mod raw;

use anyhow::Result;

/// A request as it was sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CapturedRequest {
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl CapturedRequest {
    /// Whether it has a header of a webhook (contract §4.1).
    pub(crate) fn has_webhook_headers(&self) -> bool {
        self.headers
            .iter()
            .any(|(name, _)| name.to_ascii_lowercase().starts_with("x-revento-"))
    }

    /// A header's text, with each byte that is not UTF-8 replaced.
    pub(crate) fn header(&self, wanted: &str) -> Option<String> {
        let (_, value) = self
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
        Some(String::from_utf8_lossy(value).into_owned())
    }
}

/// Reads the requests of a capture. A HAR file can have several.
pub(crate) fn parse(capture: &[u8]) -> Result<Vec<CapturedRequest>> {
    let text = capture.trim_ascii_start();
    if text.starts_with(b"curl ") {
        return Ok(vec![curl::parse(capture)?]);
    }
    if text.starts_with(b"{") {
        return har::parse(capture);
    }
    Ok(vec![raw::parse(capture)?])
}
