//! Reading as a signed-in participant.

use revento_core::{
    AccessToken, ConnectionKey, DeliveryId,
    pacing::Remaining,
    resource::{Application, Profile},
};

use super::Raw;
use crate::{
    Error, Retry, SessionError,
    request::{Reader, Target},
};

/// Reads what a participant may see, with their user token.
#[derive(Debug, Clone)]
pub struct UserClient {
    reader: Reader,
    key: ConnectionKey,
}

impl UserClient {
    pub(crate) fn new(reader: Reader, key: ConnectionKey) -> Self {
        Self { reader, key }
    }

    /// The same client with another way to repeat reads.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.reader.retry = retry;
        self
    }

    /// The same client, reading because of this webhook: spans name it beside connection and request.
    #[must_use]
    pub fn because_of(mut self, delivery_id: impl Into<DeliveryId>) -> Self {
        self.reader.delivery_id = Some(delivery_id.into());
        self
    }

    /// The access token itself, for requests that this SDK does not make. Ask anew for each: it is
    /// refreshed before it ends, and asking costs next to nothing while it is good.
    ///
    /// # Such requests are not paced
    /// They spend of the token's budgets (contract §3.6), which this client can only learn afterwards from the headers of
    /// its own next answer, and they get no retries. For any `GET` take [`raw`](Self::raw): the same credentials, pacing,
    /// retries and errors, for an answer of any shape.
    ///
    /// # Errors
    /// When there is none to be had.
    pub async fn access_token(&self) -> Result<AccessToken, SessionError> {
        self.reader.access_token(&self.key).await
    }

    /// `GET /me/profile`, under the scope `profile.read`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn profile(&self) -> Result<Profile, Error> {
        self.reader.get(&target("/me/profile")).await
    }

    /// `GET /me/application`, under the scope `event.attendance`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn application(&self) -> Result<Application, Error> {
        self.reader.get(&target("/me/application")).await
    }

    /// Any other `GET`, with the same token, pacing, retries and errors; see
    /// [`EventClient::raw`](crate::EventClient::raw).
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Request`] when the path would lead elsewhere.
    pub async fn raw(&self, path_and_query: &str) -> Result<Raw, Error> {
        self.reader.raw(path_and_query).await
    }

    /// What is left of the token's budgets, by what this process knows; `None` when it has not used the token lately.
    pub fn budget_left(&self) -> Option<Remaining> {
        let shared = &self.reader.client.shared;
        shared.pacer.left(&self.key, shared.clock.now())
    }
}

fn target(path: &'static str) -> Target {
    Target {
        template: path,
        path_and_query: path.to_owned(),
    }
}
