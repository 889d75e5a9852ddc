//! Reading what this SDK has no type for.

use bytes::Bytes;
use revento_core::RequestId;
use serde::de::DeserializeOwned;

use crate::{
    Error,
    request::{Answer, Reader, Target},
};

/// A successful answer as it came.
#[derive(Clone)]
pub struct Raw {
    body: Bytes,
    request_id: RequestId,
}

impl Raw {
    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The request's id, for support.
    pub fn request_id(&self) -> &RequestId {
        &self.request_id
    }

    /// The body as a type of the caller's own.
    ///
    /// # Errors
    /// [`Error::Unreadable`], which names the place.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let answer = Answer {
            body: self.body.clone(),
            request_id: self.request_id.clone(),
        };
        answer.parse()
    }
}

/// The body can be personal: only its size is shown.
impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Raw")
            .field("body_bytes", &self.body.len())
            .field("request_id", &self.request_id)
            .finish()
    }
}

impl Reader {
    pub(super) async fn raw(&self, path_and_query: &str) -> Result<Raw, Error> {
        stays_below_the_base(path_and_query)?;
        let target = Target {
            template: "(raw)",
            path_and_query: path_and_query.to_owned(),
        };
        let answer = self.fetch(&target).await?;
        Ok(Raw {
            body: answer.body,
            request_id: answer.request_id,
        })
    }
}

/// The credential goes to the API and nowhere else: no path may lead to another host or out of the base.
fn stays_below_the_base(path_and_query: &str) -> Result<(), Error> {
    let path = path_and_query.split('?').next().unwrap_or_default();
    let dots = |segment: &str| {
        let plain = segment.replace("%2e", ".").replace("%2E", ".");
        plain == "." || plain == ".."
    };
    let odd = |c: char| c.is_control() || c.is_whitespace() || c == '#' || c == '\\';
    if !path.starts_with('/') || path_and_query.contains(odd) || path.split('/').any(dots) {
        return Err(Error::Request {
            problem:
                "the path has to begin with a slash and stay below the API's base; encode what an id contains"
                    .to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_takes_the_credential_elsewhere() {
        for good in ["/", "/events/evt_1", "/me/x?next=../..", "/a/..b/%2e%2ex"] {
            assert!(stays_below_the_base(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "events",
            "@evil.test/",
            ".evil.test/x",
            "/a/../b",
            "/%2E%2e/b",
            "/a#b",
            "/a b",
            "/a\r\nHost: x",
            "/\\x",
        ] {
            assert!(stays_below_the_base(bad).is_err(), "{bad}");
        }
    }
}
