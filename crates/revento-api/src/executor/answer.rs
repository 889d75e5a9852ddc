//! A success, and parsing its body.

use bytes::Bytes;
use revento_core::{
    Page, RequestId,
    tolerant_json::{self, JsonError},
};
use serde::de::DeserializeOwned;

use crate::error::Error;

/// A success.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) body: Bytes,
    pub(crate) request_id: RequestId,
    pub(crate) template: &'static str,
}

impl Answer {
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        tolerant_json::read(&self.body).map_err(|error| self.unreadable(&error))
    }

    pub(crate) fn parse_page<T: DeserializeOwned>(&self) -> Result<Page<T>, Error> {
        Page::read(&self.body).map_err(|error| self.unreadable(&error))
    }

    fn unreadable(&self, error: &JsonError) -> Error {
        let problem = match not_json(&self.body) {
            Some(problem) => problem.to_owned(),
            None => error.to_string(),
        };
        Error::Unreadable {
            problem,
            request_id: self.request_id.clone(),
            endpoint: self.template,
        }
    }
}

/// Names a body that a parser would only call unexpected.
fn not_json(body: &[u8]) -> Option<&'static str> {
    match body.trim_ascii() {
        [] => Some("it is empty"),
        [b'<', ..] => Some("it is a page in place of JSON: something else than the API may have answered"),
        [0x1f, 0x8b, ..] => Some("it is compressed, which the request did not ask for"),
        _ => None,
    }
}
