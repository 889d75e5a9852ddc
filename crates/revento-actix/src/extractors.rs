//! Verified webhooks as arguments of actix handlers.

use std::{future::Future, ops::Deref, pin::Pin};

use actix_web::{Error, FromRequest, HttpRequest, dev::Payload, error::ErrorInternalServerError, web};
use revento_core::kind::Kind;
use revento_tower::{FromDelivery, Rejection, RequestVerifier, VerifiedDelivery};

use crate::{
    rejection::WebhookRejection,
    verify::{read, verify},
};

/// The extractor of a verified webhook of one kind.
///
/// The app's data holds the [`RequestVerifier`]. A request that is not verified never reaches the handler.
///
/// ```
/// use actix_web::{App, HttpResponse, web};
/// use revento_actix::{RequestVerifier, VerifiedWebhook};
/// use revento_core::kind::ApplicationApproved;
/// use revento_webhooks::Verifier;
///
/// async fn approved(webhook: VerifiedWebhook<ApplicationApproved>) -> HttpResponse {
///     println!("{} is approved", webhook.data().id);
///     HttpResponse::Ok().finish()
/// }
///
/// let verifier = RequestVerifier::new(Verifier::new("whsec_example_secret")?);
/// let app = App::new()
///     .app_data(web::Data::new(verifier))
///     .route("/webhooks", web::route().to(approved));
/// # drop(app);
/// # Ok::<(), revento_webhooks::SecretError>(())
/// ```
///
/// The handler has to end within the platform's 10 s. If that is not enough, or nothing may be lost, use an
/// [`inbox_route`](crate::inbox_route). A handler that panics ends the connection, as all handlers of actix do, and the
/// platform sends the delivery again.
#[derive(Debug)]
pub struct VerifiedWebhook<K: Kind>(revento_tower::VerifiedWebhook<K>);

impl<K: Kind> VerifiedWebhook<K> {
    /// The webhook without the extractor around it.
    pub fn into_inner(self) -> revento_tower::VerifiedWebhook<K> {
        self.0
    }
}

impl<K: Kind> Deref for VerifiedWebhook<K> {
    type Target = revento_tower::VerifiedWebhook<K>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<K: Kind> FromDelivery for VerifiedWebhook<K> {
    fn from_delivery(delivery: VerifiedDelivery) -> Result<Self, Rejection> {
        FromDelivery::from_delivery(delivery).map(Self)
    }
}

impl<K: Kind> FromRequest for VerifiedWebhook<K> {
    type Error = Error;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        extract(request, payload)
    }
}

/// The extractor of a verified delivery with its raw body, for handlers that parse the body themselves or pass it on.
/// [`VerifiedDelivery::bytes`] returns the body, as signed.
///
/// The app's data holds the [`RequestVerifier`]. The signature does not cover the type header: the type in the body decides
/// (contract §4.1).
#[derive(Debug)]
pub struct RawWebhook(pub VerifiedDelivery);

impl FromDelivery for RawWebhook {
    fn from_delivery(delivery: VerifiedDelivery) -> Result<Self, Rejection> {
        Ok(Self(delivery))
    }
}

impl FromRequest for RawWebhook {
    type Error = Error;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        extract(request, payload)
    }
}

type Extraction<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

fn extract<T: FromDelivery>(request: &HttpRequest, payload: &mut Payload) -> Extraction<T> {
    let (request, payload) = (request.clone(), payload.take());
    Box::pin(async move {
        let verifier = request.app_data::<web::Data<RequestVerifier>>().ok_or_else(|| {
            ErrorInternalServerError("no webhook verifier: add a `web::Data<RequestVerifier>` to the app")
        })?;
        let extracted = Rejection::catch_panic(async {
            let delivery = verify(verifier, &request, payload).await?;
            read(delivery, &request)
        });
        Ok(extracted.await.map_err(WebhookRejection)?)
    })
}
