//! Which sites may show a page in a frame.

use std::task::{Context, Poll};

use futures_util::future::{BoxFuture, FutureExt};
use http::{HeaderValue, Response, header::CONTENT_SECURITY_POLICY};
use tower_layer::Layer;
use tower_service::Service;

use crate::browser::{OriginError, parse_origin};

/// A layer that sets which site may show the pages behind it in a frame: only the platform for webview pages, none for
/// other pages.
///
/// It adds a `Content-Security-Policy` beside any policy that a page has; browsers obey all of them. The origin is fixed
/// when the service starts and never comes from a request.
///
/// ```
/// use axum::{Router, routing::get};
/// use revento_axum::FrameAncestors;
///
/// let webview = Router::new().route("/agenda", get(|| async { "agenda" }))
///     .layer(FrameAncestors::only("https://app.revento.example")?);
/// let pages = Router::new().route("/", get(|| async { "home" })).layer(FrameAncestors::none());
/// # let _: Router = webview.merge(pages);
/// # Ok::<(), revento_axum::OriginError>(())
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
}

impl<S> Layer<S> for FrameAncestors {
    type Service = FrameAncestorsService<S>;

    fn layer(&self, inner: S) -> FrameAncestorsService<S> {
        FrameAncestorsService {
            inner,
            policy: self.0.clone(),
        }
    }
}

/// The service that [`FrameAncestors`] makes.
#[derive(Debug, Clone)]
pub struct FrameAncestorsService<S> {
    inner: S,
    policy: HeaderValue,
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
            response.headers_mut().append(CONTENT_SECURITY_POLICY, policy);
            Ok(response)
        }
        .boxed()
    }
}
