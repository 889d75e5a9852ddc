//! A token endpoint that rotates and detects reuse (contract §2.4).

use std::time::Duration;

use super::pair;
use crate::{
    TokenAnswer,
    token::{IssuedTokens, OAuthErrorCode},
};

pub(in crate::refresh::tests) const ACCESS_LIFE: Duration = Duration::from_secs(3600);

/// One family of tokens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::refresh::tests) struct Platform {
    /// The only refresh token that is not spent.
    pub(in crate::refresh::tests) current: u64,
    pub(in crate::refresh::tests) revoked: bool,
    pub(in crate::refresh::tests) calls: u32,
    /// Lower tokens belong to an older consent. They are refused and do not revoke the newer family.
    consent_from: u64,
    access_life: Duration,
}

impl Default for Platform {
    fn default() -> Self {
        Self::with_access_life(ACCESS_LIFE)
    }
}

impl Platform {
    pub(in crate::refresh::tests) fn with_access_life(access_life: Duration) -> Self {
        Self {
            current: 1,
            revoked: false,
            calls: 0,
            consent_from: 1,
            access_life,
        }
    }

    /// Starts the token family of a new consent with this token.
    pub(in crate::refresh::tests) fn consent(&mut self, token: u64) {
        self.current = token;
        self.consent_from = token;
        self.revoked = false;
    }

    pub(in crate::refresh::tests) fn refresh(&mut self, token: &str) -> TokenAnswer {
        self.calls += 1;
        let number: u64 = token.trim_start_matches("rev_refresh_").parse().unwrap();
        let older = number < self.consent_from;
        self.revoked |= !older && number != self.current;
        if older || self.revoked {
            return TokenAnswer::Refused {
                status: http::StatusCode::BAD_REQUEST,
                error: OAuthErrorCode::InvalidGrant,
                description: None,
            };
        }
        self.current += 1;
        let mut issued = issued(self.current);
        issued.expires_in = Some(self.access_life);
        TokenAnswer::Issued(Box::new(issued))
    }
}

/// The answer that carries the pair of a generation.
pub(in crate::refresh::tests) fn issued(generation: u64) -> IssuedTokens {
    let tokens = pair(generation);
    IssuedTokens {
        access_token: tokens.access,
        refresh_token: tokens.refresh,
        expires_in: Some(ACCESS_LIFE),
        refresh_expires_in: None,
        scope: None,
        event_id: Some("evt_1".into()),
        organization_id: Some("org_1".into()),
        user_id: None,
        token_type: Some("Bearer".into()),
        date: None,
    }
}
