//! The configuration of the integration.

use std::{fmt, path::PathBuf};

/// What the integration has to know. The developer console shows the first six values.
#[derive(Clone)]
pub struct Settings {
    /// The URL of the platform's authorization server.
    pub auth_base: String,
    /// The URL of the platform's read API.
    pub api_base: String,
    /// The integration's client id.
    pub client_id: String,
    /// The integration's client secret.
    pub client_secret: String,
    /// The webhook signing secret.
    pub webhook_secret: String,
    /// While the signing secret is being rotated: the one before, which is accepted too.
    pub previous_webhook_secret: Option<String>,
    /// The id of the event that the index page offers to connect.
    pub event_id: String,
    /// The URL by which browsers reach this integration. The redirect URI is `/callback` below it. A slash at the
    /// end makes no difference.
    pub base_url: String,
    /// The directory for the database and the sealing key.
    pub data: PathBuf,
}

/// Leaves the secrets out.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("auth_base", &self.auth_base)
            .field("api_base", &self.api_base)
            .field("client_id", &self.client_id)
            .field("event_id", &self.event_id)
            .field("base_url", &self.base_url)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}
