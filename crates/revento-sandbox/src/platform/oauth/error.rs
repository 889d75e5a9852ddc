//! OAuth errors.

/// An OAuth error: its code, and a description that says what went wrong and what to do.
#[derive(Debug, Clone)]
pub(crate) struct OAuthError {
    pub(crate) code: &'static str,
    pub(crate) description: String,
}

impl OAuthError {
    pub(crate) fn new(code: &'static str, description: impl AsRef<str>) -> Self {
        Self {
            code,
            description: sendable(description.as_ref()),
        }
    }

    pub(crate) fn invalid_request(description: impl AsRef<str>) -> Self {
        Self::new("invalid_request", description)
    }

    pub(crate) fn invalid_grant(description: impl AsRef<str>) -> Self {
        Self::new("invalid_grant", description)
    }

    pub(crate) fn invalid_client(description: impl AsRef<str>) -> Self {
        Self::new("invalid_client", description)
    }

    pub(crate) fn invalid_scope(description: impl AsRef<str>) -> Self {
        Self::new("invalid_scope", description)
    }

    /// `parameter` is given more than once (RFC 6749 §3.1).
    pub(crate) fn repeated(parameter: &str) -> Self {
        Self::invalid_request(format!(
            "The parameter {parameter} is given more than once. Send it once."
        ))
    }
}

/// Replaces characters that RFC 6749 §5.2 does not allow in a description, and limits its length.
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
