//! The route that hands deliveries to a function.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, Route, web};
use revento_tower::{FromDelivery, Handler, Rejection, RequestVerifier};

use crate::{rejection::WebhookRejection, verify::verify};

/// A route that verifies deliveries and hands those of one kind to a function.
///
/// It acknowledges deliveries of other kinds, since sending them again would not help, and answers other methods than POST
/// with 405. The function takes what `revento_tower::HandlerEndpoint` takes, and nothing that is not verified:
///
/// ```
/// use actix_web::{App, web};
/// use revento_actix::{Unavailable, VerifiedWebhook};
/// use revento_core::kind::ApplicationApproved;
/// use revento_webhooks::Verifier;
///
/// async fn approved(webhook: VerifiedWebhook<ApplicationApproved>) -> Result<(), Unavailable> {
///     println!("{} is approved", webhook.data().id);
///     Ok(())
/// }
///
/// let route = revento_actix::handler_route(Verifier::new("whsec_example_secret")?, approved);
/// let app = App::new().service(web::resource("/webhooks").route(route));
/// # drop(app);
/// # Ok::<(), revento_webhooks::SecretError>(())
/// ```
pub fn handler_route<A, H>(verifier: impl Into<RequestVerifier>, handler: H) -> Route
where
    A: FromDelivery,
    H: Handler<A>,
{
    let shared = Arc::new((verifier.into(), handler));
    web::route().to(move |request: HttpRequest, payload: web::Payload| {
        let shared = Arc::clone(&shared);
        async move {
            let (verifier, handler) = &*shared;
            let delivery = verify(verifier, &request, payload.into_inner()).await?;
            let webhook = A::from_delivery(delivery)?;
            handler.handle(webhook).await.map_err(Rejection::from)?;
            Ok::<_, WebhookRejection>(HttpResponse::Ok().finish())
        }
    })
}
