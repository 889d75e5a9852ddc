//! The route that stores deliveries in an inbox.

use actix_web::{HttpRequest, HttpResponse, Route, web};
use revento_tower::{Rejection, WebhookEndpoint};

use crate::{rejection::WebhookRejection, verify::verify};

/// A route that verifies deliveries, stores them in an inbox, and answers 200 when they are stored. It answers other
/// methods than POST with 405, and OPTIONS with 204.
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
pub fn inbox_route(endpoint: WebhookEndpoint) -> Route {
    web::route().to(move |request: HttpRequest, payload: web::Payload| {
        let endpoint = endpoint.clone();
        async move {
            let stored = Rejection::catch_panic(async {
                let delivery = verify(endpoint.verifier(), &request, payload.into_inner()).await?;
                endpoint.store(&delivery).await
            });
            stored.await?;
            Ok::<_, WebhookRejection>(HttpResponse::Ok().finish())
        }
    })
}
