//! The route that hands deliveries to a function.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, Route, web};
use revento_tower::{FromDelivery, Handler, HandlerEndpoint, Rejection, RequestVerifier};

use crate::{
    rejection::WebhookRejection,
    verify::{name_encoding, verify},
};

/// A route that verifies deliveries and hands those of one kind to a function.
///
/// It acknowledges deliveries of other kinds, since sending them again would not help, and answers other methods than POST
/// with 405, and OPTIONS with 204. A panic in the function is answered with 503. The function takes what `revento_tower::HandlerEndpoint` takes, and nothing that is not verified:
///
/// ```
/// use actix_web::App;
/// use revento_actix::{Unavailable, VerifiedWebhook, webhook_resource};
/// use revento_core::kind::ApplicationApproved;
/// use revento_webhooks::Verifier;
///
/// async fn approved(webhook: VerifiedWebhook<ApplicationApproved>) -> Result<(), Unavailable> {
///     println!("{} is approved", webhook.data().id);
///     Ok(())
/// }
///
/// let route = revento_actix::handler_route(Verifier::new("whsec_example_secret")?, approved);
/// let app = App::new().service(webhook_resource("/webhooks").route(route));
/// # drop(app);
/// # Ok::<(), revento_webhooks::SecretError>(())
/// ```
pub fn handler_route<A, H>(verifier: impl Into<RequestVerifier>, handler: H) -> Route
where
    A: FromDelivery,
    H: Handler<A>,
{
    let endpoint = Arc::new(HandlerEndpoint::new(verifier, handler));
    web::route().to(move |request: HttpRequest, payload: web::Payload| {
        let endpoint = Arc::clone(&endpoint);
        async move {
            let handled = Rejection::catch_panic(async {
                let delivery = verify(endpoint.verifier(), &request, payload.into_inner()).await?;
                let handled = endpoint.handle(delivery).await;
                handled.map_err(|rejection| name_encoding(rejection, &request))
            });
            handled.await?;
            Ok::<_, WebhookRejection>(HttpResponse::Ok().finish())
        }
    })
}
