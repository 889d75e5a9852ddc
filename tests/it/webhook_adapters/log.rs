//! The log line of a rejection, in each form of each adapter.

use std::{
    future::Future,
    io,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http_body_util::Full;
use revento_core::kind::AnyEvent;
use revento_tower::{HandlerEndpoint, RequestVerifier, VerifyLayer, WebhookEndpoint};
use tower::{Layer, ServiceExt, service_fn};

use super::{FixedClock, NOW, SECRET, shelf::Shelf, verifier};
use crate::support::callsites;

const SIGNATURE: &str = "sha256=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const HEADERS: [(&str, &str); 3] = [
    ("x-revento-event", "application.approved"),
    ("x-revento-delivery-id", "d-1"),
    ("x-revento-signature", SIGNATURE),
];
const BODY: &str = "personal data";

/// The lines that were logged.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// The lines since the last call.
    pub(super) fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        String::from_utf8(bytes).unwrap()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Logs what the adapters and the inbox write on this thread, as long as the guard lives. A server that starts meanwhile logs
/// there from its own threads.
pub(super) fn capture(lines: &Lines) -> tracing::subscriber::DefaultGuard {
    callsites::keep_enabled();
    let shared = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(
            "revento=trace,revento_inbox=trace,revento_tower=trace,revento_axum=trace,revento_actix=trace",
        )
        .with_ansi(false)
        .with_writer(move || shared.clone())
        .finish();
    tracing::subscriber::set_default(subscriber)
}

/// Checks the status of a response, and the lines that were logged for it.
async fn logged(answer: impl Future<Output = u16>) {
    let lines = Lines::default();
    let guard = capture(&lines);
    let status = answer.await;
    drop(guard);
    let text = lines.take();
    assert_eq!(status, 401);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.contains("status=401") && text.contains("not verified"),
        "{text}"
    );
    for planted in [SECRET, SIGNATURE, BODY] {
        assert!(!text.contains(planted), "{text}");
    }
}

fn request_verifier() -> RequestVerifier {
    RequestVerifier::new(verifier()).clock(FixedClock::at(NOW))
}

fn endpoint() -> WebhookEndpoint {
    let inbox = Arc::new(Shelf::default()).inbox(Arc::new(FixedClock::at(NOW)));
    WebhookEndpoint::new(request_verifier(), inbox)
}

fn forged() -> http::Request<Full<Bytes>> {
    let request = http::Request::post("/").header("x-revento-timestamp", NOW);
    HEADERS
        .into_iter()
        .fold(request, |request, (name, value)| request.header(name, value))
        .body(Full::from(BODY))
        .unwrap()
}

#[tokio::test]
async fn d10_w23_a_rejection_is_one_event_in_tower_and_axum() {
    async fn handle(_: revento_tower::VerifiedWebhook<AnyEvent>) -> Result<(), revento_tower::Unavailable> {
        Ok(())
    }
    async fn extract(_: revento_axum::VerifiedWebhook<AnyEvent>) {}

    let inner =
        service_fn(async |_| Ok::<_, std::convert::Infallible>(revento_tower::WebhookResponse::default()));
    let layered = VerifyLayer::new(request_verifier()).layer(inner);
    let app = axum::Router::new()
        .route("/", axum::routing::post(extract))
        .with_state(request_verifier());
    let request = forged().map(axum::body::Body::new);
    logged(async { endpoint().oneshot(forged()).await.unwrap().status().as_u16() }).await;
    logged(async {
        let endpoint = HandlerEndpoint::new(request_verifier(), handle);
        endpoint.oneshot(forged()).await.unwrap().status().as_u16()
    })
    .await;
    logged(async { layered.oneshot(forged()).await.unwrap().status().as_u16() }).await;
    logged(async { app.oneshot(request).await.unwrap().status().as_u16() }).await;
}

#[test]
fn d10_w23_a_rejection_is_one_event_in_actix() {
    use actix_web::{App, HttpResponse, test, web};

    async fn handle(_: revento_tower::VerifiedWebhook<AnyEvent>) -> Result<(), revento_tower::Unavailable> {
        Ok(())
    }
    async fn extract(_: revento_actix::VerifiedWebhook<AnyEvent>) -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    actix_web::rt::System::new().block_on(async {
        let app = App::new()
            .app_data(web::Data::new(request_verifier()))
            .service(web::resource("/inbox").route(revento_actix::inbox_route(endpoint())))
            .service(
                web::resource("/handled").route(revento_actix::handler_route(request_verifier(), handle)),
            )
            .service(web::resource("/approved").to(extract))
            .service(
                web::resource("/echo")
                    .wrap(revento_actix::VerifyMiddleware::new(request_verifier()))
                    .to(HttpResponse::Ok),
            );
        let app = test::init_service(app).await;
        for path in ["/inbox", "/handled", "/approved", "/echo"] {
            let request = test::TestRequest::post()
                .uri(path)
                .insert_header(("x-revento-timestamp", NOW.to_string()));
            let request = HEADERS
                .into_iter()
                .fold(request, test::TestRequest::insert_header)
                .set_payload(BODY)
                .to_request();
            logged(async { test::call_service(&app, request).await.status().as_u16() }).await;
        }
    });
}
