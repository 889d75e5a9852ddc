//! Reads that this SDK has no type for.

use bytes::Bytes;
use revento_core::RequestId;
use serde::de::DeserializeOwned;

use super::reader::Reader;
use crate::{
    error::Error,
    executor::{Answer, Target},
    url::stays_below_the_base,
};

/// The template of a path that the caller gave: it may contain ids.
const TEMPLATE: &str = "(raw)";

/// A successful answer, unparsed.
#[derive(Clone)]
pub struct Raw(Answer);

impl Raw {
    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.0.body
    }

    /// The request's id, for support.
    pub fn request_id(&self) -> &RequestId {
        &self.0.request_id
    }

    /// The body, parsed as a type of the caller's.
    ///
    /// # Errors
    /// [`Error::Unreadable`], which names the place.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.0.parse()
    }
}

/// Shows the size of the body only: the body can contain personal data.
impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Raw")
            .field("body_bytes", &self.0.body.len())
            .field("request_id", &self.0.request_id)
            .finish()
    }
}

impl Reader {
    pub(super) async fn raw(&self, path_and_query: &str) -> Result<Raw, Error> {
        if !stays_below_the_base(path_and_query) {
            return Err(Error::InvalidRequest {
                problem:
                    "the path has to begin with a slash and stay below the API's base; percent-encode ids"
                        .to_owned(),
                endpoint: TEMPLATE,
            });
        }
        let target = Target {
            template: TEMPLATE,
            path_and_query: path_and_query.to_owned(),
        };
        self.read(&target).await.map(Raw)
    }
}
