//! The headers of requests and responses that protect the pages.

use actix_web::{
    Error, HttpResponse,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{HOST, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
    },
    middleware::Next,
    web::Data,
};
use revento_example_service::headers::{AllowedHosts, OTHER_HOST};

/// Refuses a request under another host.
pub(crate) async fn check_host<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let hosts = request.app_data::<Data<AllowedHosts>>();
    let in_address = request.uri().authority().map(|authority| authority.as_str());
    let in_header = request.headers().get(HOST).map(HeaderValue::as_bytes);
    if hosts.is_some_and(|hosts| hosts.allows_host(request.path(), in_address, in_header)) {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let refusal = HttpResponse::build(StatusCode::MISDIRECTED_REQUEST).body(OTHER_HOST);
    Ok(request.into_response(refusal).map_into_right_body())
}

/// Adds the headers that every response has.
pub(crate) async fn protect<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(REFERRER_POLICY) {
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    }
    Ok(response)
}
