//! Deliveries into an inbox.

use actix_web::{HttpRequest, HttpResponse, Route, web};
use revento_tower::WebhookEndpoint;

use crate::{WebhookRejection, admit};

/// A route that takes deliveries of any method and answers what is not a POST with 405.
///
/// ```
/// # fn app(endpoint: revento_actix::WebhookEndpoint) {
/// use actix_web::{App, web};
///
/// let app = App::new().service(web::resource("/webhooks").route(revento_actix::route(endpoint)));
/// # drop(app);
/// # }
/// ```
pub fn route(endpoint: WebhookEndpoint) -> Route {
    web::route().to(move |request: HttpRequest, payload: web::Payload| {
        let endpoint = endpoint.clone();
        async move {
            let delivery = admit(endpoint.gate(), &request, payload.into_inner()).await;
            let stored = match delivery {
                Ok(delivery) => endpoint.store(&delivery).await,
                Err(rejection) => Err(rejection),
            };
            stored
                .map(|_| HttpResponse::Ok().finish())
                .map_err(WebhookRejection)
        }
    })
}
