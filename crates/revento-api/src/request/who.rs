//! On whose behalf a request is made.

use std::sync::Arc;

use base64::Engine as _;
use http::HeaderValue;
use percent_encoding::utf8_percent_encode;
use revento_core::ConnectionKey;
use zeroize::Zeroizing;

use crate::{
    Error,
    client::Shared,
    read::UNRESERVED,
    session::{Live, Session},
};

/// On whose behalf a request is made.
#[derive(Debug, Clone)]
pub(crate) enum Who {
    /// An organizer's or a participant's, with their token.
    Connection(Arc<Session>),
    /// The integration's own, with its id and secret.
    Integration,
}

/// What proves it, for one request.
pub(super) enum Credential {
    Token(Arc<Live>),
    Basic,
}

impl Who {
    pub(super) fn key(&self) -> Option<&ConnectionKey> {
        match self {
            Self::Connection(session) => Some(&session.key),
            Self::Integration => None,
        }
    }

    pub(super) async fn credential(&self, shared: &Arc<Shared>) -> Result<Credential, Error> {
        Ok(match self {
            Self::Connection(session) => Credential::Token(session.token(shared).await?),
            Self::Integration => Credential::Basic,
        })
    }
}

impl Credential {
    /// The value of `Authorization`, which no log shows.
    pub(super) fn header(&self, shared: &Shared) -> Result<HeaderValue, Error> {
        let text = Zeroizing::new(match self {
            Self::Token(live) => format!("Bearer {}", live.access.expose()),
            Self::Basic => basic(shared)?,
        });
        let mut value = HeaderValue::try_from(text.as_str()).map_err(|_| Error::Request {
            problem: "the credential cannot stand in a header".to_owned(),
        })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// RFC 7617 with the client's id and secret (contract §3.2), each encoded as RFC 6749 §2.3.1 asks.
fn basic(shared: &Shared) -> Result<String, Error> {
    let integration = &shared.integration;
    let secret = integration.client_secret().ok_or_else(|| Error::Request {
        problem: "the list of installations needs the client secret, and this client is a public one"
            .to_owned(),
    })?;
    let encoded = |text: &str| Zeroizing::new(utf8_percent_encode(text, UNRESERVED).to_string());
    let (id, secret) = (
        encoded(integration.client_id().as_str()),
        encoded(secret.expose()),
    );
    let pair = Zeroizing::new(format!("{}:{}", *id, *secret));
    Ok(format!(
        "Basic {}",
        base64::prelude::BASE64_STANDARD.encode(pair.as_bytes())
    ))
}
