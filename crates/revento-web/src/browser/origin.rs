//! Origins: scheme, host and port.

use revento_core::error::ErrorKind;
use url::Url;

/// A text that is not an origin.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an origin: write it like https://app.revento.example, without a path")]
pub struct OriginError(String);

revento_core::readable_debug!(OriginError);

impl OriginError {
    /// Who is at fault: the configuration.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Configuration
    }

    /// Whether the same call can succeed later: never.
    pub fn is_transient(&self) -> bool {
        false
    }

    /// Whether the call may have taken effect: never.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}

/// An http(s) origin, in the form in which browsers send it.
pub(crate) fn parse_origin(text: &str) -> Result<String, OriginError> {
    let refuse = || OriginError(text.into());
    let url = Url::parse(text).map_err(|_| refuse())?;
    let origin = url.origin().ascii_serialization();
    // A host may contain characters that end a directive of a policy or begin another source.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]/".contains(&byte);
    let is_origin = matches!(url.scheme(), "https" | "http")
        && url.path() == "/"
        && !text.contains(['?', '#', '@'])
        && origin.bytes().all(is_plain);
    if is_origin { Ok(origin) } else { Err(refuse()) }
}

/// Whether a URL is reached over TLS. Decided on the parsed scheme, which may be written in capitals.
pub(crate) fn is_https(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| url.scheme() == "https")
}
