//! The allocations of a verified request, counted on this thread.

use std::{future::Future, pin::pin, task::Context};

use allocation_counter::measure;
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use revento_core::Timestamp;
use revento_store::Clock;
use revento_tower::{HandlerEndpoint, RequestVerifier, Unavailable, VerifiedDelivery, WebhookResponse};
use revento_webhooks::{Signer, Verifier};
use tower_service::Service;

const NOW: i64 = 1_778_336_551;
const SECRET: &str = "whsec_example_secret";

#[derive(Debug)]
struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(NOW)
    }
}

async fn handle(_: VerifiedDelivery) -> Result<(), Unavailable> {
    Ok(())
}

fn request() -> Request<Full<Bytes>> {
    Request::post("/")
        .header("x-revento-event", "event.published")
        .header("x-revento-delivery-id", "d-1")
        .header("x-revento-timestamp", NOW)
        .header(
            "x-revento-signature",
            Signer::new(SECRET).unwrap().sign(NOW, b"{}"),
        )
        .body(Full::from("{}"))
        .unwrap()
}

/// Polls a future that needs nothing to wait for.
fn now(future: impl Future<Output = Result<WebhookResponse, std::convert::Infallible>>) -> WebhookResponse {
    let mut context = Context::from_waker(std::task::Waker::noop());
    match pin!(future).poll(&mut context) {
        std::task::Poll::Ready(Ok(response)) => response,
        std::task::Poll::Pending => panic!("the body has arrived"),
    }
}

/// The delivery, the texts of its headers, and the futures of the endpoint and of the handler. The limits of the body and the
/// containment of panics cost none.
#[test]
fn h11_a_verified_request_costs_four_allocations() {
    let verifier = RequestVerifier::new(Verifier::new(SECRET).unwrap()).clock(FixedClock);
    let mut endpoint = HandlerEndpoint::new(verifier, handle);
    assert_eq!(now(endpoint.call(request())).status(), 200);
    let request = request();
    let mut status = 0;
    let counted = measure(|| status = now(endpoint.call(request)).status().as_u16());
    assert_eq!(status, 200);
    assert_eq!(counted.count_total, 4);
}
