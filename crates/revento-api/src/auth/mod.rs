//! On whose behalf a request is made, and the header that proves it.

mod basic;

pub(crate) use self::basic::BasicCredential;

use std::sync::Arc;

use http::HeaderValue;
use zeroize::Zeroizing;

use crate::{
    error::SessionError,
    session::{CachedToken, Session},
};

/// On whose behalf requests are made.
#[derive(Debug, Clone)]
pub(crate) enum Credential {
    /// An organizer's or a participant's, with the connection's token.
    Session(Arc<Session>),
    /// The integration's own, with its client id and secret.
    Basic(Arc<BasicCredential>),
}

/// What proves it, for one request.
pub(crate) enum Authorization {
    Token(Arc<CachedToken>),
    Basic(Arc<BasicCredential>),
}

impl Credential {
    /// The session whose token is used.
    pub(crate) fn session(&self) -> Option<&Arc<Session>> {
        match self {
            Self::Session(session) => Some(session),
            Self::Basic(_) => None,
        }
    }

    pub(crate) async fn authorize(&self) -> Result<Authorization, SessionError> {
        Ok(match self {
            Self::Session(session) => Authorization::Token(session.token().await?),
            Self::Basic(credential) => Authorization::Basic(Arc::clone(credential)),
        })
    }
}

impl Authorization {
    /// The access token, where there is one.
    pub(crate) fn token(&self) -> Option<&Arc<CachedToken>> {
        match self {
            Self::Token(token) => Some(token),
            Self::Basic(_) => None,
        }
    }

    /// The value of the header `Authorization`, which no log shows.
    ///
    /// # Errors
    /// What is wrong with the credential.
    pub(crate) fn header(&self) -> Result<HeaderValue, &'static str> {
        let text = Zeroizing::new(match self {
            Self::Token(token) => format!("Bearer {}", token.access.expose()),
            Self::Basic(credential) => credential.header()?,
        });
        let mut value = HeaderValue::try_from(text.as_str())
            .map_err(|_| "the credential contains characters that no header can contain")?;
        value.set_sensitive(true);
        Ok(value)
    }
}
