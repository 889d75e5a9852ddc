//! Verified webhooks as what an actix handler takes.

use std::{future::Future, ops::Deref, pin::Pin};

use actix_web::{Error, FromRequest, HttpRequest, dev::Payload, error::ErrorInternalServerError, web};
use revento_core::kind::Kind;
use revento_tower::{Delivery, Gate, Rejection};

use crate::{WebhookRejection, admit};

/// A verified webhook of one kind, as an extractor.
///
/// The [`Gate`] comes from the app's data. What is not genuine never reaches the handler.
///
/// ```
/// use actix_web::{App, HttpResponse, web};
/// use revento_actix::{Gate, Webhook};
/// use revento_core::kind::ApplicationApproved;
/// use revento_webhooks::Verifier;
///
/// async fn approved(webhook: Webhook<ApplicationApproved>) -> HttpResponse {
///     println!("{} is in", webhook.data().id);
///     HttpResponse::Ok().finish()
/// }
///
/// let gate = Gate::new(Verifier::new("whsec_example")?);
/// let app = App::new()
///     .app_data(web::Data::new(gate))
///     .route("/webhooks", web::route().to(approved));
/// # drop(app);
/// # Ok::<(), revento_webhooks::SecretError>(())
/// ```
///
/// The handler has to end within the platform's 10 s; where that is not enough, or nothing may be lost,
/// take a [`route`](crate::route) into an inbox. One that panics breaks the connection off, as actix's handlers do; the
/// platform then sends again.
#[derive(Debug)]
pub struct Webhook<K: Kind>(revento_tower::Webhook<K>);

impl<K: Kind> Webhook<K> {
    /// The webhook without its role as an extractor.
    pub fn into_inner(self) -> revento_tower::Webhook<K> {
        self.0
    }
}

impl<K: Kind> Deref for Webhook<K> {
    type Target = revento_tower::Webhook<K>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<K: Kind> FromRequest for Webhook<K> {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        extract(request, payload, |delivery| delivery.read::<K>().map(Self))
    }
}

/// A verified delivery whose content nobody has looked at, as an extractor: for who parses by themselves, or
/// only passes the bytes on. [`Delivery::bytes`] has the body, as signed.
///
/// The [`Gate`] comes from the app's data. The signature does not cover the type that the header names: the
/// body's decides (contract §4.1).
#[derive(Debug)]
pub struct Genuine(pub Delivery);

impl FromRequest for Genuine {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        extract(request, payload, |delivery| Ok(Self(delivery)))
    }
}

type Extracting<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

fn extract<T: 'static>(
    request: &HttpRequest,
    payload: &mut Payload,
    read: fn(Delivery) -> Result<T, Rejection>,
) -> Extracting<T> {
    let (request, payload) = (request.clone(), payload.take());
    Box::pin(async move {
        let gate = request.app_data::<web::Data<Gate>>().ok_or_else(|| {
            ErrorInternalServerError("no gate for webhooks: add a `web::Data<Gate>` to the app")
        })?;
        let admitted = admit(gate, &request, payload).await;
        admitted
            .and_then(read)
            .map_err(|rejection| WebhookRejection(rejection).into())
    })
}
