//! Hints that a signing secret is another value.

use core::fmt;

/// What a configured signing secret looks like instead of a secret. It is a hint and never a refusal, since only the platform
/// knows the format of its secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretHint {
    /// An access token (`rev_install_…`, `rev_user_…`).
    AccessToken,
    /// A refresh token (`rev_refresh_…`).
    RefreshToken,
    /// A value in quotes, probably from an environment file.
    Quoted,
    /// A whole line of an environment file, `NAME=value`.
    Assignment,
    /// The URL of a page.
    Url,
    /// A value with white space or a control character inside.
    InnerWhitespace,
}

impl SecretHint {
    /// Returns a hint if the secret looks wrong. Log it as a warning when the service starts.
    ///
    /// ```
    /// use revento_webhooks::SecretHint;
    ///
    /// assert_eq!(SecretHint::of("rev_install_4f…"), Some(SecretHint::AccessToken));
    /// assert_eq!(SecretHint::of("whsec_6f1c0b9a7e5d4c3b"), None);
    /// ```
    #[inline]
    pub fn of(secret: &str) -> Option<Self> {
        let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| secret.starts_with(prefix));
        let secret = secret.trim();
        Some(match secret {
            _ if starts(&["rev_install_", "rev_user_"]) => Self::AccessToken,
            _ if starts(&["rev_refresh_"]) => Self::RefreshToken,
            _ if starts(&["\"", "'", "`"]) => Self::Quoted,
            _ if starts(&["http://", "https://"]) => Self::Url,
            _ if is_assignment(secret) => Self::Assignment,
            _ if secret.chars().any(|c| c.is_whitespace() || c.is_control()) => Self::InnerWhitespace,
            _ => return None,
        })
    }
}

#[inline]
fn is_assignment(secret: &str) -> bool {
    let name = |c: char| c.is_ascii_uppercase() || c == '_';
    secret
        .split_once('=')
        .is_some_and(|(before, after)| before.len() > 3 && !after.is_empty() && before.chars().all(name))
}

impl fmt::Display for SecretHint {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccessToken => "the webhook signing secret looks like an access token",
            Self::RefreshToken => "the webhook signing secret looks like a refresh token",
            Self::Quoted => {
                "the webhook signing secret begins with a quotation mark, which may not be part of it"
            }
            Self::Assignment => "the webhook signing secret looks like a whole NAME=value line",
            Self::Url => "the webhook signing secret looks like a URL",
            Self::InnerWhitespace => "the webhook signing secret has white space inside",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verifier;

    #[test]
    fn w4_a_secret_that_looks_like_another_credential_is_named_and_not_refused() {
        for (secret, hint) in [
            ("rev_install_0123456789", Some(SecretHint::AccessToken)),
            ("rev_user_0123456789", Some(SecretHint::AccessToken)),
            ("rev_refresh_0123456789", Some(SecretHint::RefreshToken)),
            ("\"whsec_0123456789\"", Some(SecretHint::Quoted)),
            (
                "REVENTO_WEBHOOK_SECRET=whsec_0123456789",
                Some(SecretHint::Assignment),
            ),
            ("https://console.example/secret", Some(SecretHint::Url)),
            ("whsec_ 0123456789", Some(SecretHint::InnerWhitespace)),
            ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", None),
            ("c2VjcmV0LXdpdGgtcGFkZGluZw==", None),
            // A random secret can have a few capitals before its only `=`.
            ("KEY=whsec_0123456789", None),
            ("KEYS=whsec_0123456789", Some(SecretHint::Assignment)),
        ] {
            assert_eq!(SecretHint::of(secret), hint, "{secret}");
            assert!(Verifier::new(secret).is_ok());
        }
    }
}
