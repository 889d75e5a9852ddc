//! What the platform's developer console knows.

use revento_core::resource::Installation;

use super::{List, segment};
use crate::request::Reader;

/// Every connection of the integration, by event and organization.
#[derive(Debug, Clone)]
pub struct Installations {
    reader: Reader,
}

impl Installations {
    pub(crate) fn new(reader: Reader) -> Self {
        Self { reader }
    }

    /// `GET /developer/integrations/{id}/installations`, authenticated by client id and secret.
    pub fn list(&self) -> List<Installation> {
        let id = segment(self.reader.client.integration().client_id().as_str());
        List::new(
            self.reader.clone(),
            "/developer/integrations/{id}/installations",
            format!("/developer/integrations/{id}/installations"),
        )
    }
}
