//! The resource of a webhook route.

use actix_web::{Resource, web};

/// A resource for a path such as `/webhooks`, with any number of slashes at its end.
///
/// actix-web treats `/webhooks` and `/webhooks/` as two paths, and most proxies and forms for a webhook URL do not.
///
/// ```
/// # fn app(endpoint: revento_actix::WebhookEndpoint) {
/// use actix_web::App;
/// use revento_actix::{inbox_route, webhook_resource};
///
/// let app = App::new().service(webhook_resource("/webhooks").route(inbox_route(endpoint)));
/// # drop(app);
/// # }
/// ```
pub fn webhook_resource(path: &str) -> Resource {
    web::resource(format!("{}{{slashes:/*}}", path.trim_end_matches('/')))
}
