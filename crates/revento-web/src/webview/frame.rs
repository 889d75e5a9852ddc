//! Which sites may show a page in a frame.

use std::task::{Context, Poll};

use futures_util::future::{BoxFuture, FutureExt};
use http::{HeaderMap, HeaderValue, Response, header::CONTENT_SECURITY_POLICY};
use tower_layer::Layer;
use tower_service::Service;

use crate::browser::{OriginError, parse_origin};

/// Which site may show pages in a frame: only the platform for webview pages, none for other pages. It is a tower layer, and
/// [`add_to`](Self::add_to) is for other frameworks.
///
/// It adds a `Content-Security-Policy` beside any policy that a page has; browsers obey all of them. The origin is fixed
/// when the service starts and never comes from a request.
///
/// ```
/// use http::Response;
/// use revento_web::FrameAncestors;
///
/// let mut agenda = Response::new("agenda");
/// FrameAncestors::only("https://app.revento.example")?.add_to(agenda.headers_mut());
/// assert_eq!(agenda.headers()["content-security-policy"], "frame-ancestors https://app.revento.example");
/// # Ok::<(), revento_web::OriginError>(())
/// ```
#[derive(Debug, Clone)]
pub struct FrameAncestors(HeaderValue);

impl FrameAncestors {
    /// Only this origin, such as the platform's.
    ///
    /// # Errors
    /// When it is not an http(s) origin.
    pub fn only(origin: &str) -> Result<Self, OriginError> {
        let origin = parse_origin(origin)?;
        let policy = format!("frame-ancestors {origin}");
        // The characters of an origin are allowed in a header.
        let policy = HeaderValue::try_from(policy);
        Ok(policy.map_or_else(|_| Self::none(), Self))
    }

    /// No site.
    pub fn none() -> Self {
        Self(HeaderValue::from_static("frame-ancestors 'none'"))
    }

    /// Adds the policy to the headers of a response.
    pub fn add_to(&self, headers: &mut HeaderMap) {
        headers.append(CONTENT_SECURITY_POLICY, self.0.clone());
    }
}

impl<S> Layer<S> for FrameAncestors {
    type Service = FrameAncestorsService<S>;

    fn layer(&self, inner: S) -> FrameAncestorsService<S> {
        FrameAncestorsService {
            inner,
            policy: self.clone(),
        }
    }
}

/// The service that [`FrameAncestors`] makes.
#[derive(Debug, Clone)]
pub struct FrameAncestorsService<S> {
    inner: S,
    policy: FrameAncestors,
}

impl<S, Request, Body> Service<Request> for FrameAncestorsService<S>
where
    S: Service<Request, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let policy = self.policy.clone();
        let answer = self.inner.call(request);
        async move {
            let mut response = answer.await?;
            policy.add_to(response.headers_mut());
            Ok(response)
        }
        .boxed()
    }
}
