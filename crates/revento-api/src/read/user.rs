//! Reading as a signed-in participant.

use revento_core::{
    AccessToken,
    resource::{Application, Profile},
};

use crate::{Error, SessionError, request::Reader};

/// Reads what a participant may see, with their user token.
#[derive(Debug, Clone)]
pub struct UserClient {
    reader: Reader,
}

impl UserClient {
    pub(crate) fn new(reader: Reader) -> Self {
        Self { reader }
    }

    /// The access token itself, for requests that this SDK does not make. Ask anew for each: it is
    /// refreshed before it ends, and asking costs next to nothing while it is good.
    ///
    /// # Errors
    /// When there is none to be had.
    pub async fn access_token(&self) -> Result<AccessToken, SessionError> {
        let live = self.reader.session.token(&self.reader.client.shared).await?;
        Ok(live.access.clone())
    }

    /// `GET /me/profile`, under the scope `profile.read`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn profile(&self) -> Result<Profile, Error> {
        self.reader.get("/me/profile").await
    }

    /// `GET /me/application`, under the scope `event.attendance`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn application(&self) -> Result<Application, Error> {
        self.reader.get("/me/application").await
    }
}
