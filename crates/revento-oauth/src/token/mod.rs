//! Requests and answers of the token endpoint (contract §2.3).

mod answer;
mod lifetimes;
mod request;

pub use answer::{IssuedTokens, OAuthErrorCode, TokenAnswer};
pub(crate) use lifetimes::Lifetimes;
pub use request::TokenRequest;

use revento_core::{AccessToken, RefreshToken};

/// An access token and the refresh token that came with it.
#[derive(Debug, Clone)]
pub struct TokenPair {
    /// The access token. It lives one hour (contract §2.4).
    pub access: AccessToken,
    /// The refresh token. It is good for one refresh (contract §2.4). `None` if the platform issued none with the code: then the
    /// connection ends with its access token.
    pub refresh: Option<RefreshToken>,
}

/// A refresh token that is being sent.
#[derive(Debug, Clone)]
pub(crate) struct SentToken(pub(crate) RefreshToken);

/// The model checker compares states. No other code compares secrets.
#[cfg(test)]
mod compare {
    use std::hash::{Hash, Hasher};

    use super::{SentToken, TokenPair};

    impl PartialEq for SentToken {
        fn eq(&self, other: &Self) -> bool {
            self.0.expose() == other.0.expose()
        }
    }

    impl Eq for SentToken {}

    impl Hash for SentToken {
        fn hash<H: Hasher>(&self, state: &mut H) {
            self.0.expose().hash(state);
        }
    }

    impl PartialEq for TokenPair {
        fn eq(&self, other: &Self) -> bool {
            let refresh = |pair: &Self| pair.refresh.as_ref().map(|token| token.expose().to_owned());
            self.access.expose() == other.access.expose() && refresh(self) == refresh(other)
        }
    }

    impl Eq for TokenPair {}

    impl Hash for TokenPair {
        fn hash<H: Hasher>(&self, state: &mut H) {
            self.access.expose().hash(state);
            self.refresh.as_ref().map(|token| token.expose()).hash(state);
        }
    }
}
