//! Services as transports, transports as services.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use revento_transport::{
    TowerTransport, Transport, TransportError, TransportService,
    testing::{NeverAnswers, Scripted},
};
use tower::{Service, ServiceBuilder, util::BoxCloneService};

use crate::{get, says};

#[tokio::test]
async fn any_service_is_a_transport() {
    let service = tower::service_fn(|request: Request<Bytes>| async move {
        Ok::<_, Infallible>(Response::new(Bytes::from(request.uri().to_string())))
    });
    let transport: Arc<dyn Transport> = Arc::new(TowerTransport::new(service));
    assert_eq!(
        transport.send(get("/a")).await.unwrap().into_body(),
        "http://platform.test/a"
    );
}

/// A service need not be `Sync`.
#[tokio::test]
async fn a_boxed_service_is_a_transport() {
    let service = tower::service_fn(|_: Request<Bytes>| async { Ok::<_, Infallible>(says("hi")) });
    let transport = TowerTransport::new(BoxCloneService::new(service));
    assert_eq!(transport.send(get("/")).await.unwrap().into_body(), "hi");
}

#[derive(Clone)]
struct NeverReady;

impl Service<Request<Bytes>> for NeverReady {
    type Response = Response<Bytes>;
    type Error = &'static str;
    type Future = std::future::Ready<Result<Response<Bytes>, &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        Poll::Ready(Err("no connection"))
    }

    fn call(&mut self, _: Request<Bytes>) -> Self::Future {
        unreachable!("it is never ready")
    }
}

#[tokio::test]
async fn t7_a_service_that_is_not_ready_was_never_given_the_request() {
    let error = TowerTransport::new(NeverReady).send(get("/")).await.unwrap_err();
    assert!(!error.may_have_taken_effect(), "{error}");
}

#[tokio::test]
async fn t7_a_service_that_fails_leaves_a_doubt() {
    let service = tower::service_fn(|_: Request<Bytes>| async { Err::<Response<Bytes>, _>("it broke") });
    let error = TowerTransport::new(service).send(get("/")).await.unwrap_err();
    assert!(error.may_have_taken_effect(), "{error}");
}

#[tokio::test]
async fn t7_what_a_transport_knows_survives_the_layers_around_it() {
    let script = [
        Err(TransportError::never_sent("refused")),
        Err(TransportError::may_have_been_sent("reset")),
    ];
    let layered = ServiceBuilder::new()
        .concurrency_limit(1)
        .timeout(Duration::from_secs(60))
        .service(TransportService::new(Scripted::new(script)));
    let transport = TowerTransport::new(layered);
    assert!(
        !transport
            .send(get("/"))
            .await
            .unwrap_err()
            .may_have_taken_effect()
    );
    assert!(
        transport
            .send(get("/"))
            .await
            .unwrap_err()
            .may_have_taken_effect()
    );
}

#[tokio::test(start_paused = true)]
async fn t7_a_layer_that_loses_patience_leaves_a_doubt() {
    let layered = ServiceBuilder::new()
        .timeout(Duration::from_secs(1))
        .service(TransportService::new(NeverAnswers::new()));
    let error = TowerTransport::new(layered).send(get("/")).await.unwrap_err();
    assert!(error.may_have_taken_effect(), "{error}");
}
