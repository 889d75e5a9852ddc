//! The installations that the developer console lists.

use revento_core::{ClientId, resource::Installation};

use super::{list::List, reader::Reader};
use crate::{executor::Target, url::segment};

/// Reads every connection of the integration, by event and organization.
#[derive(Debug, Clone)]
pub struct Installations {
    reader: Reader,
    client_id: ClientId,
}

impl Installations {
    pub(crate) fn new(reader: Reader, client_id: ClientId) -> Self {
        Self { reader, client_id }
    }

    /// `GET /developer/integrations/{id}/installations`, authenticated by client id and secret.
    pub fn list(&self) -> List<Installation> {
        let id = segment(self.client_id.as_str());
        let target = Target {
            template: "/developer/integrations/{id}/installations",
            path_and_query: format!("/developer/integrations/{id}/installations"),
        };
        List::new(self.reader.clone(), target)
    }
}
