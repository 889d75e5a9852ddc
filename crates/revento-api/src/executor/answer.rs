//! A success, and parsing its body.

use bytes::Bytes;
use revento_core::{RequestId, text::printable};
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
        let first = match serde_json::from_slice(&self.body) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if let Some(problem) = not_json(&self.body) {
            return Err(self.unreadable(problem));
        }
        // Finding the place takes longer, so only an error pays for it.
        let mut deserializer = serde_json::Deserializer::from_slice(&self.body);
        let problem = match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
            Err(error) if error.path().iter().len() > 0 => {
                format!("at {}: {}", error.path(), error.inner())
            }
            _ => first.to_string(),
        };
        Err(self.unreadable(&printable(&problem).to_string()))
    }

    fn unreadable(&self, problem: &str) -> Error {
        Error::Unreadable {
            problem: problem.to_owned(),
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
