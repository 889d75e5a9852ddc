//! Addresses and credentials of a running sandbox.

use std::fmt;

use serde::Serialize;

/// The addresses and credentials of a running sandbox.
///
/// Serializes with these field names. `Debug` omits the two secrets.
#[derive(Clone, Serialize)]
#[non_exhaustive]
pub struct SandboxInfo {
    /// Base of the OAuth endpoints, such as `http://127.0.0.1:4010`.
    pub auth_base: String,
    /// Base of the read API.
    pub api_base: String,
    /// The address of the console, for a browser.
    pub console_url: String,
    /// Base of the control API.
    pub control_base: String,
    /// The integration's client id.
    pub client_id: String,
    /// The integration's client secret: a test value.
    pub client_secret: String,
    /// The secret that signs webhooks: a test value.
    pub webhook_secret: String,
    /// Where the integration's webhooks go, if it has a webhook URL.
    pub webhook_url: Option<String>,
    /// Ids of the seeded events; the first is `evt_test_published`.
    pub events: Vec<String>,
}

impl fmt::Debug for SandboxInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxInfo")
            .field("auth_base", &self.auth_base)
            .field("api_base", &self.api_base)
            .field("console_url", &self.console_url)
            .field("control_base", &self.control_base)
            .field("client_id", &self.client_id)
            .field("client_secret", &"[redacted]")
            .field("webhook_secret", &"[redacted]")
            .field("webhook_url", &self.webhook_url)
            .field("events", &self.events)
            .finish()
    }
}
