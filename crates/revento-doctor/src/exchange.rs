//! An HTTP exchange as evidence.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use serde::{Serialize, Serializer};

use crate::text;

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
    #[serde(serialize_with = "lossy")]
    pub request_body: Vec<u8>,
    /// The status of the answer; `None` if there was no answer.
    pub status: Option<u16>,
    /// The headers of the answer.
    pub response_headers: Vec<(String, String)>,
    /// The body of the answer.
    #[serde(serialize_with = "lossy")]
    pub response_body: Vec<u8>,
    /// How many bytes of long bodies a report leaves out.
    pub omitted: Omitted,
    /// Why there was no answer.
    pub error: Option<String>,
    /// How long the answer took.
    #[serde(rename = "duration_ms", serialize_with = "milliseconds")]
    pub duration: Duration,
}

/// How many bytes of the bodies of an exchange a report leaves out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Omitted {
    /// Bytes at the end of the request's body.
    pub request_bytes: usize,
    /// Bytes at the end of the answer's body.
    pub response_bytes: usize,
}

/// A report has this many bytes of a body.
const MOST_BYTES: usize = 4096;

fn lossy<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
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

    /// A `curl` command that repeats the request, on one line that can be copied from a terminal. A body that is not printable text
    /// on one line is piped in as base64. If the report leaves a part of the
    /// body out, the command sends the file `body`, which the reader has to make.
    pub fn curl(&self) -> String {
        let mut command = format!("curl -i -X {} {}", self.method, quoted(&self.url));
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
        if self.omitted.request_bytes > 0 {
            return command + " --data-binary @body";
        }
        match std::str::from_utf8(&self.request_body) {
            Ok("") => command,
            Ok(text) if text::line(text) == text => format!("{command} --data-binary {}", quoted(text)),
            _ => {
                let encoded = base64::prelude::BASE64_STANDARD.encode(&self.request_body);
                format!("echo {encoded} | base64 -d | {command} --data-binary @-")
            }
        }
    }

    /// The length of the request's body as it was sent.
    pub fn request_length(&self) -> usize {
        self.request_body.len() + self.omitted.request_bytes
    }

    /// Leaves the ends of long bodies out.
    pub(crate) fn shorten(&mut self) {
        self.omitted.request_bytes += shorten(&mut self.request_body);
        self.omitted.response_bytes += shorten(&mut self.response_body);
    }

    /// Replaces each secret by its kind.
    pub(crate) fn redact(&mut self, secrets: &[(String, &'static str)]) {
        let clean = |text: &mut String| redact(text, secrets);
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

/// Replaces each secret in a text by its kind.
pub(crate) fn redact(text: &mut String, secrets: &[(String, &'static str)]) {
    for (secret, kind) in secrets {
        if text.contains(secret.as_str()) {
            *text = text.replace(secret.as_str(), &format!("[{kind}]"));
        }
    }
}

/// Keeps the beginning of a long body, up to the end of a character. Returns how many bytes are left out.
fn shorten(body: &mut Vec<u8>) -> usize {
    if body.len() <= MOST_BYTES {
        return 0;
    }
    let is_inside = |byte: &u8| (0x80..0xc0).contains(byte);
    let end = (MOST_BYTES.saturating_sub(3)..=MOST_BYTES)
        .rev()
        .find(|end| body.get(*end).is_some_and(|byte| !is_inside(byte)))
        .unwrap_or(MOST_BYTES);
    let omitted = body.len() - end;
    body.truncate(end);
    omitted
}

/// A text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(body: &[u8]) -> Exchange {
        Exchange {
            direction: Direction::ToIntegration,
            method: "POST".to_owned(),
            url: "http://localhost:3000/it's".to_owned(),
            request_headers: vec![
                ("x-empty".to_owned(), String::new()),
                ("x-a".to_owned(), "1".to_owned()),
            ],
            request_body: body.to_vec(),
            status: None,
            response_headers: Vec::new(),
            response_body: Vec::new(),
            omitted: Omitted::default(),
            error: None,
            duration: Duration::ZERO,
        }
    }

    #[test]
    fn the_command_is_safe_for_a_shell_and_keeps_the_bytes() {
        let command = exchange(b"{\"a\":\"it's\"}").curl();
        assert_eq!(
            command,
            r#"curl -i -X POST 'http://localhost:3000/it'\''s' -H 'x-empty;' -H 'x-a: 1' --data-binary '{"a":"it'\''s"}'"#
        );
        for (body, encoded) in [
            (&b"\xff\x00"[..], "/wA="),
            (b"{\n}", "ewp9"),
            ("\u{202e}".as_bytes(), "4oCu"),
        ] {
            let command = exchange(body).curl();
            assert!(
                command.starts_with(&format!("echo {encoded} | base64 -d | curl")),
                "{command}"
            );
            assert!(command.ends_with("--data-binary @-"), "{command}");
        }
    }

    #[test]
    fn a_long_body_is_cut_between_characters() {
        let mut long = exchange("€".repeat(2000).as_bytes());
        long.shorten();
        assert!(std::str::from_utf8(&long.request_body).is_ok());
        assert_eq!(long.request_length(), 6000);
        assert!(long.curl().ends_with("--data-binary @body"));
        let mut short = exchange(&[b'x'; MOST_BYTES]);
        short.shorten();
        assert_eq!(short.omitted, Omitted::default());
    }
}
