//! Requests and answers of the token endpoint (contract §2.3).

mod answer;
mod request;

pub use answer::{IssuedTokens, OAuthErrorCode, TokenAnswer};
pub use request::TokenRequest;

use revento_core::{AccessToken, RefreshToken};

/// An access token and the refresh token that came with it.
#[derive(Debug, Clone)]
pub struct TokenPair {
    /// The access token. It lives one hour (contract §2.4).
    pub access: AccessToken,
    /// The refresh token. It is good for one refresh (contract §2.4).
    pub refresh: RefreshToken,
}

/// The model checker compares states. No other code compares secrets.
#[cfg(test)]
mod compare {
    use std::hash::{Hash, Hasher};

    use super::TokenPair;

    impl PartialEq for TokenPair {
        fn eq(&self, other: &Self) -> bool {
            self.access.expose() == other.access.expose() && self.refresh.expose() == other.refresh.expose()
        }
    }

    impl Eq for TokenPair {}

    impl Hash for TokenPair {
        fn hash<H: Hasher>(&self, state: &mut H) {
            self.access.expose().hash(state);
            self.refresh.expose().hash(state);
        }
    }
}
