//! Reads on behalf of a signed-in participant.

use revento_core::resource::{Application, Profile};

use super::connection::{ConnectionReader, connection_methods};
use crate::{error::Error, executor::Target};

/// Reads what a participant may see, with their user token.
#[derive(Debug, Clone)]
pub struct UserClient {
    connection: ConnectionReader,
}

connection_methods!(UserClient);

impl UserClient {
    pub(crate) fn new(connection: ConnectionReader) -> Self {
        Self { connection }
    }

    /// `GET /me/profile`, under the scope `profile.read`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn profile(&self) -> Result<Profile, Error> {
        self.connection.reader.get(&target("/me/profile")).await
    }

    /// `GET /me/application`, under the scope `event.attendance`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn application(&self) -> Result<Application, Error> {
        self.connection.reader.get(&target("/me/application")).await
    }
}

fn target(path: &'static str) -> Target {
    Target {
        template: path,
        path_and_query: path.to_owned(),
    }
}
