//! The alerts about ids that do not match.

use std::{
    fmt::{Debug, Write},
    sync::{Arc, LazyLock, Mutex},
};

use revento_inbox::{Accepted, HandlerError, Handlers};
use revento_store::DeliveryState::{Buried, Done, Queued};
use tracing::{
    Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use crate::{
    engines,
    world::{Sent, arrive, inbox, run_until, sent},
};

/// Collects the inbox's alerts of all tests. A scoped subscriber is not enough, because what it sees depends on other tests.
#[derive(Clone, Default)]
struct Alerts(Arc<Mutex<Vec<String>>>);

static ALERTS: LazyLock<Alerts> = LazyLock::new(|| {
    let alerts = Alerts::default();
    tracing::subscriber::set_global_default(alerts.clone()).unwrap();
    alerts
});

/// Returns the alerts about this delivery id since the last call.
fn told_of(delivery_id: &str) -> Vec<String> {
    let mark = format!("delivery_id={delivery_id} ");
    let mut all = ALERTS.0.lock().unwrap();
    all.extract_if(.., |text| text.contains(&mark)).collect()
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Alerts {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN && metadata.target() == "revento_inbox::accept"
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

/// Asserts that there is exactly one alert, with this text and both ids, but without any of the body.
fn one(sent: &Sent, says: &str) {
    let told = told_of(&sent.delivery_id);
    let [alert] = &told[..] else { panic!("{told:?}") };
    assert!(alert.starts_with("ERROR ") && alert.contains(says), "{alert}");
    for id in [&sent.envelope_id, &sent.delivery_id] {
        assert!(alert.contains(id), "{alert}");
    }
    assert!(!alert.contains("app_1"), "{alert}");
}

#[tokio::test(flavor = "multi_thread")]
async fn q11_a_delivery_id_that_comes_with_another_envelope_alerts_and_is_handled() {
    LazyLock::force(&ALERTS);
    for place in engines::all() {
        let inbox = inbox(place.open().await);
        let (first, second) = (sent("a1"), sent("a2").under("dlv_a1"));
        first.arrive(&inbox).await.unwrap();
        first.arrive(&inbox).await.unwrap();
        assert_eq!(
            told_of("dlv_a1"),
            [""; 0],
            "{place:?}: a retry is nothing special"
        );
        assert_eq!(second.arrive(&inbox).await.unwrap(), Accepted::New);
        one(&second, "another envelope, which is queued");
        run_until(&inbox, Handlers::new(), &second.id(), Done).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q11_an_envelope_that_comes_with_another_body_alerts_wherever_the_first_stands() {
    LazyLock::force(&ALERTS);
    for place in engines::all() {
        let inbox = inbox(place.open().await);
        let first = sent("b1");
        let other = sent("b1").with_data(r#"{"id":"app_1","status":"approved"}"#);
        first.arrive(&inbox).await.unwrap();
        assert_eq!(other.arrive(&inbox).await.unwrap(), Accepted::Duplicate(Queued));
        one(&other, "another body, which is not handled");

        let refuse = Handlers::new().on_any(async |_| Err(HandlerError::permanent("no such table")));
        run_until(&inbox, refuse, &first.id(), Buried).await;
        assert_eq!(
            other.arrive(&inbox).await.unwrap(),
            Accepted::Requeued,
            "{place:?}"
        );
        one(&other, "another body, which is queued in its place");

        run_until(&inbox, Handlers::new(), &first.id(), Done).await;
        assert_eq!(other.arrive(&inbox).await.unwrap(), Accepted::Duplicate(Done));
        assert_eq!(told_of("dlv_b1"), [""; 0], "{place:?}: it is what was handled");
        assert_eq!(first.arrive(&inbox).await.unwrap(), Accepted::Duplicate(Done));
        one(&first, "another body, which is not handled");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q11_an_unreadable_body_under_a_known_delivery_id_alerts_and_is_kept() {
    LazyLock::force(&ALERTS);
    for place in engines::all() {
        let inbox = inbox(place.open().await);
        assert_eq!(arrive(&inbox, "x", "dlv_c1", "{").await.unwrap(), Accepted::New);
        told_of("dlv_c1");
        assert_eq!(arrive(&inbox, "x", "dlv_c1", "[").await.unwrap(), Accepted::New);
        let told = told_of("dlv_c1");
        let reused = told.iter().any(|text| text.contains("another envelope"));
        assert!(reused, "{place:?} {told:?}");
    }
}
