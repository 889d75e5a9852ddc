//! A webhook receiver for platforms that pass whole requests to a function.
//!
//! The request has the form of an API gateway's event: a map of headers, a body as text or base64, and a flag that says
//! which. Nothing here is asynchronous, reads a clock or opens a socket.

use std::{collections::BTreeMap, error::Error};

use base64::{Engine, engine::general_purpose::STANDARD};
use revento_webhooks::{EventError, Headers, Verifier, VerifyError};
use serde::{Deserialize, Serialize};

/// A request in the form that gateways use.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The headers. Their names may have any case.
    pub headers: BTreeMap<String, String>,
    /// The body, or its base64.
    #[serde(default)]
    pub body: Option<String>,
    /// Whether the body is base64.
    #[serde(default)]
    pub is_base64_encoded: bool,
}

/// The response.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// 200, 400, 401 or 422.
    pub status_code: u16,
    /// One line of text. It does not say why a delivery is not verified: a forger would learn from it.
    pub body: &'static str,
    /// The reason, for the log of the function. It is not sent.
    #[serde(skip)]
    pub reason: Option<String>,
}

/// Verifies one request and returns the response. `now` is in Unix seconds.
pub fn handle(verifier: &Verifier, request: &Request, now: i64) -> Response {
    let respond = |status_code, body, reason: Option<&dyn Error>| Response {
        status_code,
        body,
        reason: reason.map(|error| match error.source() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        }),
    };
    let Some(body) = raw_body(request) else {
        return respond(400, "the body is not base64", None);
    };
    let verified = Headers::collect(&request.headers)
        .map_err(VerifyError::from)
        .and_then(|headers| verifier.verify(&headers, &body, now));
    match verified.map(|verified| verified.envelope()) {
        // Store the envelope here before the response.
        Ok(Ok(_)) => respond(200, "stored", None),
        Ok(Err(error @ EventError::TypeMismatch)) => respond(401, "not verified", Some(&error)),
        Ok(Err(error)) => respond(422, "verified, but not readable", Some(&error)),
        Err(error) => respond(401, "not verified", Some(&error)),
    }
}

fn raw_body(request: &Request) -> Option<Vec<u8>> {
    let body = request.body.as_deref().unwrap_or_default();
    if request.is_base64_encoded {
        STANDARD.decode(body).ok()
    } else {
        Some(body.as_bytes().to_vec())
    }
}
