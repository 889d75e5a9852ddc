//! Verification of actix's requests.

use actix_web::{HttpRequest, dev::Payload, http::header};
use revento_tower::{RequestVerifier, VerifiedDelivery};

use crate::rejection::WebhookRejection;

/// Reads the body of a request to its end and verifies it.
pub(crate) async fn verify(
    verifier: &RequestVerifier,
    request: &HttpRequest,
    payload: Payload,
) -> Result<VerifiedDelivery, WebhookRejection> {
    let headers = request.headers();
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let head = verifier.check_head(request.method().as_str(), headers, announced)?;
    Ok(verifier.verify_body(head, payload).await?)
}
