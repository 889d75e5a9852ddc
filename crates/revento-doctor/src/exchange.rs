//! An HTTP exchange as evidence.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use serde::{Serialize, Serializer};

/// Which way a request went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Direction {
    /// From the doctor to the integration: a webhook, or a browser's request.
    ToIntegration,
    /// From the integration to the platform.
    ToPlatform,
}

/// An exchange between the doctor and the integration. In a report, tokens and secrets in it are replaced by their kind.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Exchange {
    /// Which way the request went.
    pub direction: Direction,
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The headers of the request as sent.
    pub request_headers: Vec<(String, String)>,
    /// The body of the request. Bytes that are not UTF-8 are replaced here, and kept in [`curl`](Self::curl).
    #[serde(serialize_with = "text")]
    pub request_body: Vec<u8>,
    /// The status of the answer; `None` if there was no answer.
    pub status: Option<u16>,
    /// The headers of the answer.
    pub response_headers: Vec<(String, String)>,
    /// The body of the answer.
    #[serde(serialize_with = "text")]
    pub response_body: Vec<u8>,
    /// Why there was no answer.
    pub error: Option<String>,
    /// How long the answer took.
    #[serde(rename = "duration_ms", serialize_with = "milliseconds")]
    pub duration: Duration,
}

fn text<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(bytes))
}

pub(crate) fn milliseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

impl Exchange {
    /// The first value of a header of the answer.
    pub fn response_header(&self, name: &str) -> Option<&str> {
        let mut found = self
            .response_headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }

    /// A `curl` command that repeats the request. A body that is not text is piped in as base64.
    pub fn curl(&self) -> String {
        let mut command = String::new();
        let body = std::str::from_utf8(&self.request_body).ok();
        if body.is_none() {
            let encoded = base64::prelude::BASE64_STANDARD.encode(&self.request_body);
            let _ = write!(command, "echo {encoded} | base64 -d | ");
        }
        let _ = write!(command, "curl -i -X {} {}", self.method, quoted(&self.url));
        for (name, value) in &self.request_headers {
            if !matches!(name.to_ascii_lowercase().as_str(), "host" | "content-length") {
                // With an empty value, curl needs a semicolon to send a header.
                let header = if value.is_empty() {
                    format!("{name};")
                } else {
                    format!("{name}: {value}")
                };
                let _ = write!(command, " -H {}", quoted(&header));
            }
        }
        match body {
            Some("") => {}
            Some(text) => drop(write!(command, " --data-binary {}", quoted(text))),
            None => command.push_str(" --data-binary @-"),
        }
        command
    }

    /// Replaces each secret by its kind.
    pub(crate) fn redact(&mut self, secrets: &[(String, &'static str)]) {
        let clean = |text: &mut String| {
            for (secret, kind) in secrets {
                if text.contains(secret.as_str()) {
                    *text = text.replace(secret.as_str(), &format!("[{kind}]"));
                }
            }
        };
        clean(&mut self.url);
        for (_, value) in self.request_headers.iter_mut().chain(&mut self.response_headers) {
            clean(value);
        }
        for body in [&mut self.request_body, &mut self.response_body] {
            // Secrets are ASCII, so a body that is not UTF-8 is searched in its readable form.
            let readable = String::from_utf8_lossy(body).into_owned();
            let mut cleaned = readable.clone();
            clean(&mut cleaned);
            if cleaned != readable {
                *body = cleaned.into_bytes();
            }
        }
        self.error.iter_mut().for_each(clean);
    }
}

/// A text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
