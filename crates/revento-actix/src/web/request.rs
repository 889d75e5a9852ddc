//! The head of a request.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, error::ErrorBadRequest};
use http::request::Parts;

/// The head of a request, as the flow and the sessions take it: an extractor.
#[derive(Debug)]
pub struct Browser(pub Parts);

impl Browser {
    pub(super) fn of(request: &HttpRequest) -> Result<Self, actix_web::Error> {
        let mut head = http::Request::builder()
            .method(request.method().as_str())
            .uri(request.uri().to_string());
        for (name, value) in request.headers() {
            head = head.header(name.as_str(), value.as_bytes());
        }
        let head = head.body(()).map(|request| Self(request.into_parts().0));
        head.map_err(ErrorBadRequest)
    }
}

impl FromRequest for Browser {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}
