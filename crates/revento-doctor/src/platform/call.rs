//! A call of the integration to the platform, as the doctor saw it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use serde_json::Value;

use crate::exchange::{Direction, Exchange};
use crate::integration::header_list;

/// What a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Authorize,
    /// The token endpoint, with `authorization_code`.
    Code,
    /// The token endpoint, with `refresh_token`.
    Refresh,
    /// The token endpoint, with anything else.
    OtherGrant,
    Participants,
    /// Another endpoint of the read API.
    Read,
    /// An endpoint below `/me`.
    Me,
    Other,
}

impl Endpoint {
    pub(super) fn of(method: &Method, path: &str, form: &HashMap<String, String>) -> Self {
        match path {
            "/oauth/authorize" => Self::Authorize,
            "/oauth/token" => match form.get("grant_type").map(String::as_str) {
                Some("authorization_code") => Self::Code,
                Some("refresh_token") => Self::Refresh,
                _ => Self::OtherGrant,
            },
            _ if !path.starts_with("/api/v1/") || method != Method::GET => Self::Other,
            _ if path.ends_with("/participants") => Self::Participants,
            _ if path.starts_with("/api/v1/me/") => Self::Me,
            _ => Self::Read,
        }
    }

    /// Whether it belongs to the read API.
    pub(crate) fn is_read(self) -> bool {
        matches!(self, Self::Participants | Self::Read | Self::Me)
    }

    /// Whether it is the token endpoint.
    pub(crate) fn is_token(self) -> bool {
        matches!(self, Self::Code | Self::Refresh | Self::OtherGrant)
    }
}

/// A call of the integration to the platform, with its answer.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) endpoint: Endpoint,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The fields of a form, and those of the query.
    pub(crate) fields: HashMap<String, String>,
    /// The event that a read names, or whose refresh token is sent.
    pub(crate) event_id: Option<String>,
    pub(crate) arrived: Instant,
    /// How many calls with the same token were in flight when it arrived, with this one.
    pub(crate) in_flight: usize,
    /// `None` if the connection was closed without an answer.
    pub(crate) status: Option<u16>,
    pub(crate) answer_headers: HeaderMap,
    pub(crate) answer: Bytes,
    pub(crate) took: Duration,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The token of the `Authorization` header.
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// The answer as JSON; `null` if it is not.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.answer).unwrap_or_default()
    }

    pub(crate) fn exchange(&self, base: &str) -> Exchange {
        Exchange {
            direction: Direction::ToPlatform,
            method: self.method.to_string(),
            url: format!("{base}{}", self.uri),
            request_headers: header_list(&self.headers),
            request_body: self.body.to_vec(),
            status: self.status,
            response_headers: header_list(&self.answer_headers),
            response_body: self.answer.to_vec(),
            omitted: crate::exchange::Omitted::default(),
            error: self
                .status
                .is_none()
                .then(|| "the doctor closed the connection without an answer".to_owned()),
            duration: self.took,
        }
    }
}
