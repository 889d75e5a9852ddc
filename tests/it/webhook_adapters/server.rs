//! The same routes behind each adapter: `/inbox` stores, `/approved` calls a typed handler, `/echo` verifies and lets the
//! framework's own extractor read the body, `/raw` takes the verified bytes, `/taken` reads the body before it verifies.
//! `/handled` calls a plain function, `/limited` has another limit in front, `/hooks` is mounted for a path with slashes. The
//! frameworks with an extractor for JSON have it at `/json`, behind the verification.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use revento_core::kind::ApplicationApproved;
use revento_tower::{
    HandlerEndpoint, RequestVerifier, Unavailable, VerifiedDelivery, VerifyLayer, WebhookEndpoint,
    WebhookResponse, WebhookRoute,
};
use revento_webhooks::Verifier;
use tokio::net::TcpListener;
use tower::{Layer, ServiceExt, service_fn};
use tower_http::limit::RequestBodyLimitLayer;

use super::{FixedClock, NOW, shelf::Shelf};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Adapter {
    Tower,
    Axum,
    Actix,
}

/// A running server. It ends when this value is dropped.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) clock: Arc<FixedClock>,
    _running: Running,
}

/// A server with an endpoint of the test's own. It ends when this value is dropped.
pub(crate) struct Running {
    pub(crate) port: u16,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Adapter {
    pub(crate) async fn serve(self, verifier: Verifier) -> Server {
        self.serve_with(verifier, |verifier| verifier).await
    }

    pub(crate) async fn serve_with(
        self,
        verifier: Verifier,
        change: impl FnOnce(RequestVerifier) -> RequestVerifier,
    ) -> Server {
        let shelf = Arc::new(Shelf::default());
        let clock = Arc::new(FixedClock::at(NOW));
        let verifier = change(RequestVerifier::new(verifier).clock(clock.clone()));
        let endpoint = WebhookEndpoint::new(verifier.clone(), shelf.inbox(clock.clone()))
            .store_timeout(Duration::from_millis(300));
        let running = self.serve_endpoint(verifier, endpoint).await;
        Server {
            port: running.port,
            shelf,
            clock,
            _running: running,
        }
    }

    pub(crate) async fn serve_endpoint(
        self,
        verifier: RequestVerifier,
        endpoint: WebhookEndpoint,
    ) -> Running {
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let address = match self {
            Self::Tower => tower(verifier, endpoint, stopped).await,
            Self::Axum => axum(verifier, endpoint, stopped).await,
            Self::Actix => actix(verifier, endpoint, stopped).await,
        };
        Running {
            port: address.port(),
            _stop: stop,
        }
    }
}

/// The limit in front of `/limited`.
const LAYER_LIMIT: usize = 5_000;

/// The handler of `/handled`. The unsigned type says how it fails.
fn handled(delivery: VerifiedDelivery) -> impl Future<Output = Result<(), Unavailable>> + Send {
    let event_type = delivery.unsigned_event_type().to_owned();
    assert!(event_type != "panic.early", "the handler has a bug");
    async move {
        match event_type.as_str() {
            "busy" => Err("the database is busy".into()),
            "panic" => panic!("the handler has a bug"),
            _ => Ok(()),
        }
    }
}

type Stopped = tokio::sync::oneshot::Receiver<()>;

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn tower(verifier: RequestVerifier, endpoint: WebhookEndpoint, stopped: Stopped) -> SocketAddr {
    use hyper_util::{
        rt::{TokioExecutor, TokioIo},
        server::conn::auto,
        service::TowerToHyperService,
    };

    async fn approved(
        webhook: revento_tower::VerifiedWebhook<ApplicationApproved>,
    ) -> Result<(), Unavailable> {
        match webhook.data().id.as_str() {
            "app_busy" => Err("the database is busy".into()),
            "app_panic" => panic!("the handler has a bug"),
            _ => Ok(()),
        }
    }

    async fn raw_delivery(delivery: VerifiedDelivery) -> Result<(), Unavailable> {
        assert!(!delivery.bytes().is_empty());
        Ok(())
    }

    async fn echo(request: http::Request<Full<Bytes>>) -> Result<WebhookResponse, Infallible> {
        let delivery = request.extensions().get::<VerifiedDelivery>().unwrap();
        assert!(delivery.unsigned_event_type() != "panic", "the service has a bug");
        let body = request.into_body().collect().await?.to_bytes();
        Ok(WebhookResponse::new(body.into()))
    }

    async fn taken(
        endpoint: WebhookEndpoint,
        request: http::Request<hyper::body::Incoming>,
    ) -> Result<WebhookResponse, Infallible> {
        let (parts, body) = request.into_parts();
        body.collect().await.unwrap();
        let rest = http::Request::from_parts(parts, Full::<Bytes>::default());
        endpoint.oneshot(rest).await
    }

    let handler = HandlerEndpoint::new(verifier.clone(), approved);
    let raw = HandlerEndpoint::new(verifier.clone(), raw_delivery);
    let handled = HandlerEndpoint::new(verifier.clone(), handled);
    let limited = RequestBodyLimitLayer::new(LAYER_LIMIT).layer(endpoint.clone());
    let hooks = WebhookRoute::new("/hooks/", endpoint.clone());
    let layered = VerifyLayer::new(verifier).layer(service_fn(echo));
    let router = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let (endpoint, handler, layered) = (endpoint.clone(), handler.clone(), layered.clone());
        let (raw, handled, limited) = (raw.clone(), handled.clone(), limited.clone());
        async move {
            Ok::<_, Infallible>(match request.uri().path() {
                "/inbox" => endpoint.oneshot(request).await?.map(BodyExt::boxed),
                "/handled" => handled.oneshot(request).await?.map(BodyExt::boxed),
                "/limited" => limited
                    .oneshot(request)
                    .await?
                    .map(|body| body.map_err(|error| unreachable!("{error}")).boxed()),
                "/raw" => raw.oneshot(request).await?.map(BodyExt::boxed),
                "/taken" => taken(endpoint, request).await?.map(BodyExt::boxed),
                "/approved" => handler.oneshot(request).await?.map(BodyExt::boxed),
                "/echo" => layered.oneshot(request).await?.map(|body| {
                    body.map_err(|error| -> Infallible { unreachable!("{error}") })
                        .boxed()
                }),
                _ => http::Response::builder()
                    .status(404)
                    .body(Full::<Bytes>::default().boxed())
                    .unwrap(),
            })
        }
    });
    let (listener, address) = listen().await;
    let serve = async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = TowerToHyperService::new(hooks.layer(router.clone()));
            tokio::spawn(async move {
                auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await
                    .ok();
            });
        }
    };
    tokio::spawn(async move {
        tokio::select! {
            () = serve => {}
            _ = stopped => {}
        }
    });
    address
}

async fn axum(verifier: RequestVerifier, endpoint: WebhookEndpoint, stopped: Stopped) -> SocketAddr {
    use axum::{
        Extension, Json, Router,
        extract::{FromRequest, State},
        http::StatusCode,
        response::{IntoResponse, Response},
        routing::{any, any_service},
    };
    use revento_axum::{RawWebhook, VerifiedWebhook};

    async fn approved(webhook: VerifiedWebhook<ApplicationApproved>) -> StatusCode {
        match webhook.data().id.as_str() {
            "app_busy" => StatusCode::SERVICE_UNAVAILABLE,
            "app_panic" => panic!("the handler has a bug"),
            _ => StatusCode::OK,
        }
    }

    async fn raw(RawWebhook(delivery): RawWebhook) -> StatusCode {
        assert!(!delivery.bytes().is_empty());
        StatusCode::OK
    }

    async fn echo(Extension(delivery): Extension<VerifiedDelivery>, body: Bytes) -> Bytes {
        assert_eq!(delivery.bytes(), body);
        assert!(delivery.unsigned_event_type() != "panic", "the handler has a bug");
        body
    }

    async fn json(Json(event): Json<serde_json::Value>) -> String {
        event["id"].to_string()
    }

    // The compiler refuses a second extractor of the body, so this handler takes the request apart itself.
    async fn taken(State(verifier): State<RequestVerifier>, request: axum::extract::Request) -> Response {
        let (parts, body) = request.into_parts();
        axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let rest = http::Request::from_parts(parts, axum::body::Body::empty());
        match VerifiedWebhook::<ApplicationApproved>::from_request(rest, &verifier).await {
            Ok(_) => StatusCode::OK.into_response(),
            Err(rejection) => rejection.into_response(),
        }
    }

    // The extractor answers other methods than POST itself, so the routes accept any method.
    let app = Router::new()
        .route("/approved", any(approved))
        .route("/raw", any(raw))
        .route("/taken", any(taken))
        .with_state(verifier.clone())
        .route("/inbox", any_service(endpoint.clone()))
        .route(
            "/handled",
            any_service(HandlerEndpoint::new(verifier.clone(), handled)),
        )
        .merge(
            Router::new()
                .route("/limited", any_service(endpoint.clone()))
                .layer(RequestBodyLimitLayer::new(LAYER_LIMIT)),
        )
        .merge(
            Router::new()
                .route("/json", any(json))
                .layer(VerifyLayer::new(verifier.clone())),
        )
        .merge(
            Router::new().route("/echo", any(echo)).layer(
                tower::ServiceBuilder::new()
                    .layer(VerifyLayer::new(verifier))
                    .map_request(|request: http::Request<Full<Bytes>>| request.map(axum::body::Body::new)),
            ),
        )
        .layer(WebhookRoute::new("/hooks", endpoint));
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        axum::serve(listener, app)
            .with_graceful_shutdown(async {
                stopped.await.ok();
            })
            .await
            .unwrap();
    });
    address
}

async fn actix(verifier: RequestVerifier, endpoint: WebhookEndpoint, stopped: Stopped) -> SocketAddr {
    use std::future::ready;

    use actix_web::{
        App, HttpMessage, HttpRequest, HttpResponse, HttpServer,
        dev::{Payload, Service},
        error::PayloadError,
        rt::System,
        web,
    };
    use futures_util::stream;
    use revento_actix::{RawWebhook, VerifiedWebhook, VerifyMiddleware};

    async fn approved(webhook: VerifiedWebhook<ApplicationApproved>) -> HttpResponse {
        match webhook.data().id.as_str() {
            "app_busy" => HttpResponse::ServiceUnavailable().finish(),
            "app_panic" => panic!("the handler has a bug"),
            _ => HttpResponse::Ok().finish(),
        }
    }

    async fn raw(RawWebhook(delivery): RawWebhook) -> HttpResponse {
        assert!(!delivery.bytes().is_empty());
        HttpResponse::Ok().finish()
    }

    async fn json(event: web::Json<serde_json::Value>) -> HttpResponse {
        HttpResponse::Ok().body(event["id"].to_string())
    }

    async fn echo(request: HttpRequest, body: web::Bytes) -> HttpResponse {
        let delivery = request.extensions().get::<VerifiedDelivery>().cloned().unwrap();
        assert_eq!(delivery.bytes(), body);
        assert!(delivery.unsigned_event_type() != "panic", "the handler has a bug");
        HttpResponse::Ok().body(body)
    }

    async fn taken(_: web::Bytes, _: VerifiedWebhook<ApplicationApproved>) -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    let (tell, told) = tokio::sync::oneshot::channel();
    // The server has threads of its own, which log to where the test logs.
    let log = tracing::dispatcher::get_default(Clone::clone);
    std::thread::spawn(move || {
        let _log = tracing::dispatcher::set_default(&log);
        System::new().block_on(async move {
            let server = HttpServer::new(move || {
                std::mem::forget(tracing::dispatcher::set_default(&log));
                App::new()
                    .app_data(web::Data::new(verifier.clone()))
                    // For `/echo`: the framework's extractors have a limit of their own, of 256 KiB.
                    .app_data(web::PayloadConfig::new(1 << 20))
                    .service(web::resource("/inbox").route(revento_actix::inbox_route(endpoint.clone())))
                    .service(web::resource("/approved").to(approved))
                    .service(web::resource("/raw").to(raw))
                    .service(
                        web::resource("/handled")
                            .route(revento_actix::handler_route(verifier.clone(), handled)),
                    )
                    .service(web::resource("/taken").to(taken))
                    .service(
                        revento_actix::webhook_resource("/hooks")
                            .route(revento_actix::inbox_route(endpoint.clone())),
                    )
                    .service(
                        web::resource("/limited")
                            .wrap_fn(|mut request, inner| {
                                let body = stream::once(ready(Err(PayloadError::Overflow)));
                                request.set_payload(Payload::Stream {
                                    payload: Box::pin(body),
                                });
                                inner.call(request)
                            })
                            .route(revento_actix::inbox_route(endpoint.clone())),
                    )
                    .service(
                        web::resource("/json")
                            .wrap(VerifyMiddleware::new(verifier.clone()))
                            .to(json),
                    )
                    .service(
                        web::resource("/echo")
                            .wrap(VerifyMiddleware::new(verifier.clone()))
                            .to(echo),
                    )
            })
            .workers(1)
            .disable_signals()
            .bind_auto_h2c(("127.0.0.1", 0))
            .unwrap();
            tell.send(server.addrs()[0]).unwrap();
            let server = server.run();
            let handle = server.handle();
            actix_web::rt::spawn(async move {
                stopped.await.ok();
                handle.stop(false).await;
            });
            server.await.unwrap();
        });
    });
    told.await.unwrap()
}
