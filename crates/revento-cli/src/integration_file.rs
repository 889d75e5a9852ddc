//! `integration.json`: tells other commands on the same data directory where the platform is.

use std::{io, path::Path};

use revento_example_service::private_file;
use revento_sandbox::SandboxInfo;
use serde::{Deserialize, Serialize};

/// The content of `integration.json`.
///
/// The client secret is a test value of the sandbox, which keeps it in clear text in the same directory. A real service
/// keeps its secret with its configuration.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct IntegrationFile {
    pub(crate) auth_base: String,
    pub(crate) api_base: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<String>,
    pub(crate) redirect_uri: String,
}

impl IntegrationFile {
    /// The name of the file in the data directory.
    pub(crate) const NAME: &str = "integration.json";

    pub(crate) fn new(info: &SandboxInfo, redirect_uri: String) -> Self {
        Self {
            auth_base: info.auth_base.clone(),
            api_base: info.api_base.clone(),
            client_id: info.client_id.clone(),
            client_secret: Some(info.client_secret.clone()),
            redirect_uri,
        }
    }

    pub(crate) fn write_to(&self, directory: &Path) -> io::Result<()> {
        private_file::replace(&directory.join(Self::NAME), &serde_json::to_vec_pretty(self)?)
    }
}
