//! [`SameOrigin`]: refuses forms that another site sends.

use std::task::{Context, Poll};

use futures_util::future::{BoxFuture, FutureExt};
use http::{Method, Request, Response, StatusCode, header::ORIGIN, request::Parts};
use tower_layer::Layer;
use tower_service::Service;

use super::{OriginError, page, parse_origin, request::text};

/// Refuses requests which another site makes a browser send (cross-site request forgery), with 403. It is a tower layer, and
/// [`refusal`](Self::refusal) is for other frameworks.
///
/// Put it in front of every route that changes something for a signed-in person. It lets `GET`, `HEAD` and `OPTIONS` pass, so
/// these must change nothing. Any other request has to come from this origin: by `Sec-Fetch-Site`, or by `Origin` in browsers
/// that do not send it. A request with neither header comes from no browser and is refused, too: mount webhooks elsewhere.
///
/// Pages in the platform's frame need it more than others. Their cookies are `SameSite=None`. A partitioned cookie belongs to
/// this host *under the platform's site*, and all frames there share that partition: a form in the frame of another integration
/// reaches this service with the cookie of the person who is signed in here.
///
/// ```
/// use http::Request;
/// use revento_web::SameOrigin;
///
/// let same_origin = SameOrigin::new("https://app.example")?;
/// let (ours, ()) = Request::post("/seats").header("origin", "https://app.example").body(())?.into_parts();
/// assert!(same_origin.refusal(&ours).is_none());
/// let (foreign, ()) = Request::post("/seats").header("origin", "https://evil.example").body(())?.into_parts();
/// assert_eq!(same_origin.refusal(&foreign).map(|response| response.status().as_u16()), Some(403));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SameOrigin {
    origin: String,
}

impl SameOrigin {
    /// The origin by which browsers reach this service. It is fixed when the service starts and never comes from a request.
    ///
    /// # Errors
    /// When it is not an http(s) origin.
    pub fn new(origin: &str) -> Result<Self, OriginError> {
        let origin = parse_origin(origin)?;
        Ok(Self { origin })
    }

    /// Whether the request changes nothing by its method, or comes from a page of this origin.
    pub fn allows(&self, request: &Parts) -> bool {
        let is_safe = matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS);
        is_safe || self.is_from_here(request)
    }

    /// The response to a request that may not go on: a page with the status 403. `None` for all others.
    pub fn refusal(&self, request: &Parts) -> Option<Response<String>> {
        const TEXT: &str = "This form was sent by another site, so nothing was changed. Open the page and send it from there.";
        (!self.allows(request)).then(|| page::page(StatusCode::FORBIDDEN, TEXT, &[]))
    }

    fn is_from_here(&self, request: &Parts) -> bool {
        let is_one = |name: &str| request.headers.get_all(name).iter().count() <= 1;
        if !is_one("sec-fetch-site") || !is_one(ORIGIN.as_str()) {
            return false;
        }
        match text(&request.headers, "sec-fetch-site") {
            // `none`: a person repeats the request by the browser's own means. No site can cause it.
            Some(site) => matches!(site, "same-origin" | "none"),
            None => text(&request.headers, ORIGIN.as_str()).is_some_and(|origin| origin == self.origin),
        }
    }
}

impl<S> Layer<S> for SameOrigin {
    type Service = SameOriginService<S>;

    fn layer(&self, inner: S) -> SameOriginService<S> {
        SameOriginService {
            inner,
            rule: self.clone(),
        }
    }
}

/// The service that [`SameOrigin`] makes.
#[derive(Debug, Clone)]
pub struct SameOriginService<S> {
    inner: S,
    rule: SameOrigin,
}

impl<S, B, Body> Service<Request<B>> for SameOriginService<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    Body: From<String> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (parts, body) = request.into_parts();
        match self.rule.refusal(&parts) {
            None => self.inner.call(Request::from_parts(parts, body)).boxed(),
            Some(refusal) => std::future::ready(Ok(refusal.map(Body::from))).boxed(),
        }
    }
}
