//! How a failed flow is answered.

use std::time::Duration;

use actix_web::{ResponseError as _, body::MessageBody as _, http::StatusCode};
use revento_actix::FlowRejection;
use revento_web::FlowError;

#[test]
fn a_failed_flow_is_a_line_of_text() {
    let busy = FlowError::Busy {
        retry_after: Duration::from_secs(60),
    };
    let rejection = FlowRejection::from(busy);
    assert!(rejection.is_transient() && !rejection.may_have_taken_effect());
    let response = rejection.error_response();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers().get("retry-after").unwrap(), "60");
    assert_eq!(
        response.headers().get("content-type").unwrap(),
        "text/plain; charset=utf-8"
    );
    assert_eq!(response.headers().get("cache-control").unwrap(), "no-store");
    let body = response.into_body().try_into_bytes().unwrap();
    assert!(body.starts_with(b"Not connected: too many people"), "{body:?}");
}

#[test]
fn a_page_that_nobody_has_opened_has_no_body() {
    let unopened = FlowError::NotOpened {
        status: http::StatusCode::NO_CONTENT,
    };
    let response = FlowRejection::from(unopened).error_response();
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert!(response.into_body().try_into_bytes().unwrap().is_empty());
}
