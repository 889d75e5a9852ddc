//! Where the platform is and as whom to call it, for other commands on the same data directory.

use std::{io, path::Path};

use revento_sandbox::SandboxInfo;
use serde::{Deserialize, Serialize};

use crate::files;

/// The content of `integration.json`.
///
/// The client secret is one of the sandbox's, a test value, and the sandbox keeps it readable beside it. A service keeps
/// its own where it keeps its configuration.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Card {
    pub(crate) auth_base: String,
    pub(crate) api_base: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<String>,
    pub(crate) redirect_uri: String,
}

impl Card {
    /// Its name in the data directory.
    pub(crate) const FILE: &str = "integration.json";

    pub(crate) fn new(info: &SandboxInfo, redirect_uri: String) -> Self {
        Self {
            auth_base: info.auth_base.clone(),
            api_base: info.api_base.clone(),
            client_id: info.client_id.clone(),
            client_secret: Some(info.client_secret.clone()),
            redirect_uri,
        }
    }

    pub(crate) fn leave_in(&self, directory: &Path) -> io::Result<()> {
        files::replace(&directory.join(Self::FILE), &serde_json::to_vec_pretty(self)?)
    }
}
