//! Deliveries into a function.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, Route, web};
use revento_tower::{FromDelivery, Gate, Handler, Rejection};

use crate::{WebhookRejection, admit};

/// A route that verifies deliveries and hands those of one kind to a function. Those of another kind are
/// acknowledged: sending them again would not help. What is not a POST gets 405.
///
/// Takes what `revento_tower::HandlerEndpoint` takes, and nothing that is not verified:
///
/// ```
/// use actix_web::{App, web};
/// use revento_actix::{Gate, Unavailable};
/// use revento_core::kind::ApplicationApproved;
/// use revento_tower::Webhook;
/// use revento_webhooks::Verifier;
///
/// async fn approved(webhook: Webhook<ApplicationApproved>) -> Result<(), Unavailable> {
///     println!("{} is in", webhook.data().id);
///     Ok(())
/// }
///
/// let gate = Gate::new(Verifier::new("whsec_example")?);
/// let app = App::new().service(web::resource("/webhooks").route(revento_actix::handler(gate, approved)));
/// # drop(app);
/// # Ok::<(), revento_webhooks::SecretError>(())
/// ```
pub fn handler<A, H>(gate: Gate, handler: H) -> Route
where
    A: FromDelivery,
    H: Handler<A>,
{
    let shared = Arc::new((gate, handler));
    web::route().to(move |request: HttpRequest, payload: web::Payload| {
        let shared = Arc::clone(&shared);
        async move {
            let (gate, handler) = &*shared;
            let webhook = admit(gate, &request, payload.into_inner())
                .await
                .and_then(A::from_delivery)
                .map_err(WebhookRejection)?;
            match handler.handle(webhook).await {
                Ok(()) => Ok(HttpResponse::Ok().finish()),
                Err(unavailable) => Err(WebhookRejection(Rejection::from(unavailable))),
            }
        }
    })
}
