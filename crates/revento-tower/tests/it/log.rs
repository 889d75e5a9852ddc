//! The log line of a rejection.

use std::{
    fmt::{Debug, Write},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use revento_core::kind::AnyEvent;
use revento_tower::{HandlerEndpoint, Unavailable, VerifiedWebhook};
use revento_webhooks::Verifier;
use tower_service::Service;
use tracing::{
    Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

const SECRET: &str = "whsec_planted_secret";
const SIGNATURE: &str = "sha256=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// Records the text of our events.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("revento")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = Text(format!("{} ", event.metadata().level()));
        event.record(&mut text);
        self.0.lock().unwrap().push(text.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

async fn handle(_: VerifiedWebhook<AnyEvent>) -> Result<(), Unavailable> {
    Ok(())
}

#[tokio::test]
async fn d10_w23_a_rejection_is_one_event_without_secrets() {
    // A callsite that another test reaches first, on a thread without a subscriber, could stay disabled for this one.
    let _ = tracing::subscriber::set_global_default(Log::default());
    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.clone());
    let mut service = HandlerEndpoint::new(Verifier::new(SECRET).unwrap(), handle);
    let request = Request::post("/")
        .header("x-revento-event", "a")
        .header("x-revento-delivery-id", "d-1")
        .header("x-revento-timestamp", "1778336551")
        .header("x-revento-signature", SIGNATURE)
        .body(Full::new(Bytes::from_static(b"personal data")))
        .unwrap();
    let answer = service.call(request).await.unwrap();
    drop(guard);

    assert_eq!(answer.status(), 401);
    let events = log.0.lock().unwrap();
    assert_eq!(events.len(), 1, "{events:?}");
    let event = events.first().unwrap();
    assert!(
        event.contains("status=401") && event.contains("not verified"),
        "{event}"
    );
    for planted in [SECRET, SIGNATURE, "personal"] {
        assert!(!event.contains(planted), "{event}");
    }
}
