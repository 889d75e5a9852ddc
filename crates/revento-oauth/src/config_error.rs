//! What can be wrong with the configuration.

use revento_core::error::ErrorKind;

/// A setting cannot work. Its kind is always [`ErrorKind::Configuration`].
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The value is not an absolute `http` or `https` URL, or has a user name, a password or white space.
    #[error(
        "{what} is {value:?}, which is not an absolute http(s) URL without user name, password and white space: write it like https://auth.revento.example"
    )]
    NotAUrl {
        /// The setting.
        what: &'static str,
        /// Its value, without user name and password.
        value: String,
    },
    /// The value is a URL with a query or a fragment, so no path can be appended to it.
    #[error("{what} is {value:?}, which ends in a query or a fragment: leave these out")]
    NotABase {
        /// The setting.
        what: &'static str,
        /// Its value.
        value: String,
    },
    /// The redirect URI has a fragment, which no redirect URI may have (RFC 6749 §3.1.2).
    #[error("{what} is {value:?}, which has a fragment: leave it out")]
    Fragment {
        /// The setting.
        what: &'static str,
        /// Its value.
        value: String,
    },
    /// The value is an `http://` URL of another machine, so tokens and secrets would cross the network in the clear.
    #[error(
        "{what} is {value:?}, which would send secrets unencrypted: use https, or call `Endpoints::allow_insecure_http` if the network is trusted"
    )]
    InsecureHttp {
        /// The setting.
        what: &'static str,
        /// Its value.
        value: String,
    },
    /// A setting without a default is missing.
    #[error("{what} is not set: call `{setter}` on the builder")]
    Missing {
        /// The setting.
        what: &'static str,
        /// The method that sets it.
        setter: &'static str,
    },
    /// The value is empty.
    #[error("{what} is empty: copy it from the developer console")]
    Empty {
        /// The setting.
        what: &'static str,
    },
    /// There is white space around the value.
    #[error("{what} begins or ends with white space: copy it again without the line break")]
    SurroundingWhitespace {
        /// The setting.
        what: &'static str,
    },
}

revento_core::readable_debug!(ConfigError);

impl ConfigError {
    /// Who is at fault: the configuration.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Configuration
    }

    /// Whether the same call can succeed later: no.
    pub fn is_transient(&self) -> bool {
        false
    }

    /// Whether the call may have taken effect: no.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_setting_stays_wrong_and_changes_nothing() {
        let error = ConfigError::Missing {
            what: "the client id",
            setter: "client_id",
        };
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(!error.is_transient() && !error.may_have_taken_effect());
        assert_eq!(
            error.to_string(),
            "the client id is not set: call `client_id` on the builder"
        );
    }
}
