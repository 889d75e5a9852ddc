//! The platform's quickstarts (`tests/interop/express` and `flask`), and how the doctor starts and reaches them.

use std::path::Path;

use revento_doctor::Settings;

use super::port;

/// The settings to examine a quickstart: they name every page that it has.
pub(crate) fn settings(interpreter: &Path, server: &Path) -> Settings {
    let port = port::free();
    let page = |path: &str| format!("http://localhost:{port}{path}").parse().ok();
    let mut settings = Settings::default();
    settings.start = Some(format!(
        "PORT={port} AUTH_BASE=$REVENTO_AUTH_BASE API_BASE=$REVENTO_API_BASE CLIENT_ID=$REVENTO_CLIENT_ID \
         CLIENT_SECRET=$REVENTO_CLIENT_SECRET WEBHOOK_SECRET=$REVENTO_WEBHOOK_SECRET EVENT_ID=$REVENTO_EVENT_ID \
         exec '{}' '{}'",
        interpreter.display(),
        server.display()
    ));
    settings.connect_url = page("/connect");
    settings.read_url = Some(format!("http://localhost:{port}/participants"));
    settings.webhook_url = page("/webhooks");
    settings.handled_url = page("/events-seen");
    settings
}
