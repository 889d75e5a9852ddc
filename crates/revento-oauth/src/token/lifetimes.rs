//! When the tokens of an answer end (contract §2.4).

use revento_core::{Timestamp, limits};

use super::IssuedTokens;

/// The ends of a pair of tokens and of its consent.
pub(crate) struct Lifetimes {
    pub(crate) access_expires_at: Timestamp,
    pub(crate) refresh_expires_at: Timestamp,
    pub(crate) consent_expires_at: Timestamp,
}

impl Lifetimes {
    /// The platform's lifetimes count. The contract's are used for those that it does not name.
    ///
    /// A refresh token ends with the consent at the latest, and not before the access token. A pair without a refresh token ends
    /// with its access token.
    pub(crate) fn of(issued: &IssuedTokens, sent_at: Timestamp, consent_expires_at: Timestamp) -> Self {
        let access = issued.expires_in.unwrap_or(limits::ACCESS_TOKEN_LIFETIME);
        let refresh = match &issued.refresh_token {
            Some(_) => issued
                .refresh_expires_in
                .unwrap_or(limits::REFRESH_TOKEN_LIFETIME)
                .max(access),
            None => access,
        };
        Self {
            access_expires_at: sent_at.saturating_add(access),
            refresh_expires_at: sent_at.saturating_add(refresh).min(consent_expires_at),
            consent_expires_at,
        }
    }
}
