//! Verification of actix's requests.

use actix_web::{
    HttpRequest,
    dev::Payload,
    error::PayloadError,
    http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderValue},
};
use futures_util::TryStreamExt;
use revento_tower::{FromDelivery, Rejection, RequestVerifier, VerifiedDelivery};

/// Reads the body of a request to its end and verifies it.
pub(crate) async fn verify(
    verifier: &RequestVerifier,
    request: &HttpRequest,
    payload: Payload,
) -> Result<VerifiedDelivery, Rejection> {
    let headers = request.headers();
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let head = verifier.check_head(request.method().as_str(), headers, announced)?;
    let verified = verifier
        .verify_body(head, payload.map_err(of_payload_error))
        .await;
    verified.map_err(|rejection| name_encoding(rejection, request))
}

/// Reads a verified delivery as the argument of a handler.
pub(crate) fn read<T: FromDelivery>(
    delivery: VerifiedDelivery,
    request: &HttpRequest,
) -> Result<T, Rejection> {
    T::from_delivery(delivery).map_err(|rejection| name_encoding(rejection, request))
}

pub(crate) fn name_encoding(rejection: Rejection, request: &HttpRequest) -> Rejection {
    let encoding = request.headers().get(CONTENT_ENCODING);
    rejection.with_content_encoding(encoding.map(HeaderValue::as_bytes))
}

fn of_payload_error(error: PayloadError) -> Rejection {
    match error {
        PayloadError::Overflow => Rejection::BodyOverLayerLimit,
        error => Rejection::of_body_error(&error),
    }
}
