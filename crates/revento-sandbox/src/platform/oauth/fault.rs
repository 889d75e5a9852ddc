//! A refusal in OAuth's words.

/// An OAuth error code, what went wrong, and what to do about it.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) error: &'static str,
    pub(crate) description: String,
}

impl Fault {
    pub(crate) fn new(error: &'static str, description: impl AsRef<str>) -> Self {
        Self {
            error,
            description: sendable(description.as_ref()),
        }
    }

    pub(crate) fn request(description: impl AsRef<str>) -> Self {
        Self::new("invalid_request", description)
    }

    pub(crate) fn grant(description: impl AsRef<str>) -> Self {
        Self::new("invalid_grant", description)
    }

    pub(crate) fn client(description: impl AsRef<str>) -> Self {
        Self::new("invalid_client", description)
    }

    pub(crate) fn scope(description: impl AsRef<str>) -> Self {
        Self::new("invalid_scope", description)
    }
}

/// Only the characters that RFC 6749 section 5.2 allows in a description, and not too many of them.
fn sendable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '"' | '\\' => '\'',
            ' '..='~' => c,
            _ => '?',
        })
        .take(600)
        .collect()
}
