//! The token endpoint (contract §2.3): what is sent, and what comes back.

mod answer;
mod request;

pub use answer::{IssuedTokens, OAuthErrorCode, TokenAnswer};
pub use request::TokenRequest;

use revento_core::{AccessToken, RefreshToken};

/// An access token and the refresh token that came with it.
#[derive(Debug, Clone)]
pub struct TokenPair {
    /// For reads, for one hour.
    pub access: AccessToken,
    /// For one refresh.
    pub refresh: RefreshToken,
}

/// For model checking: a machine's states have to be told apart. Nowhere else are secrets compared.
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
