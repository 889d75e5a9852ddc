//! Helpers: deliveries, an inbox that accepts them, and a runner that handles them.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use revento_core::{EnvelopeId, Timestamp};
use revento_inbox::{AcceptError, Accepted, Handlers, Inbox, InboxBuilder, Policy};
use revento_seal::{KeyRing, SealingKey};
use revento_store::{Clock, DeliveryState, InboxStore, SystemClock};
use revento_webhooks::{Headers, Signer, Verifier};
use tokio::{sync::oneshot, task::JoinHandle};

const SECRET: &str = "whsec_6f1c0b9a7e5d4c3b2a19087f6e5d4c3b";
/// In the year 2100, so that a second arrival is a replay that was signed after everything that the inbox has done.
const SIGNED_AT: i64 = 4_102_444_800;

/// A delivery as the platform sends it.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) envelope_id: String,
    pub(crate) delivery_id: String,
    pub(crate) event_type: String,
    pub(crate) occurred_at: &'static str,
    pub(crate) data: String,
}

/// A delivery with unique ids.
pub(crate) fn sent(id: &str) -> Sent {
    Sent {
        envelope_id: format!("env_{id}"),
        delivery_id: format!("dlv_{id}"),
        event_type: "application.submitted".to_owned(),
        occurred_at: "2026-05-09T14:22:31Z",
        data: r#"{"id":"app_1","status":"pending"}"#.to_owned(),
    }
}

impl Sent {
    pub(crate) fn of_type(mut self, event_type: &str) -> Self {
        event_type.clone_into(&mut self.event_type);
        self
    }

    pub(crate) fn with_data(mut self, data: &str) -> Self {
        data.clone_into(&mut self.data);
        self
    }

    pub(crate) fn under(mut self, delivery_id: &str) -> Self {
        delivery_id.clone_into(&mut self.delivery_id);
        self
    }

    pub(crate) fn at(mut self, occurred_at: &'static str) -> Self {
        self.occurred_at = occurred_at;
        self
    }

    pub(crate) fn id(&self) -> EnvelopeId {
        self.envelope_id.as_str().into()
    }

    /// Verifies and accepts the delivery, as an endpoint does before it answers. The platform signs it after all that the inbox
    /// has done so far.
    pub(crate) async fn arrive(&self, inbox: &Inbox) -> Result<Accepted, AcceptError> {
        self.arrive_signed(inbox, SIGNED_AT).await
    }

    /// Accepts an attempt that was signed at this time, in Unix seconds.
    pub(crate) async fn arrive_signed(&self, inbox: &Inbox, at: i64) -> Result<Accepted, AcceptError> {
        let Self {
            envelope_id,
            event_type,
            occurred_at,
            data,
            ..
        } = self;
        let body = format!(
            r#"{{"id":"{envelope_id}","type":"{event_type}","occurred_at":"{occurred_at}","event_id":"evt_1","organization_id":"org_1","data":{data}}}"#
        );
        arrive_signed(inbox, event_type, &self.delivery_id, &body, at).await
    }
}

/// Accepts any verified body.
pub(crate) async fn arrive(
    inbox: &Inbox,
    event_type: &str,
    delivery_id: &str,
    body: &str,
) -> Result<Accepted, AcceptError> {
    arrive_signed(inbox, event_type, delivery_id, body, SIGNED_AT).await
}

/// Accepts any verified body that was signed at this time, in Unix seconds.
pub(crate) async fn arrive_signed(
    inbox: &Inbox,
    event_type: &str,
    delivery_id: &str,
    body: &str,
    at: i64,
) -> Result<Accepted, AcceptError> {
    let signature = Signer::new(SECRET).unwrap().sign(at, body.as_bytes());
    let timestamp = at.to_string();
    let headers = Headers::collect([
        ("x-revento-event", event_type),
        ("x-revento-delivery-id", delivery_id),
        ("x-revento-timestamp", &timestamp),
        ("x-revento-signature", &signature),
    ])
    .unwrap();
    let verifier = Verifier::new(SECRET).unwrap();
    let verified = verifier.verify(&headers, body.as_bytes(), at).unwrap();
    inbox.accept(&verified).await
}

/// An inbox with three attempts and short delays.
pub(crate) fn builder(store: Arc<dyn InboxStore>) -> InboxBuilder {
    let sealer = KeyRing::new(SealingKey::from_bytes([7; 32]));
    Inbox::builder(store, sealer).policy(quick())
}

pub(crate) fn inbox(store: Arc<dyn InboxStore>) -> Inbox {
    builder(store).build()
}

pub(crate) fn quick() -> Policy {
    Policy::new().retry_delays([Duration::from_millis(5); 2])
}

/// A runner in the background.
#[derive(Debug)]
pub(crate) struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(inbox: &Inbox, handlers: Handlers) -> Self {
        let (stop, stopped) = oneshot::channel();
        let runner = inbox.runner(handlers);
        let task = tokio::spawn(runner.run(async {
            stopped.await.ok();
        }));
        Self { stop, task }
    }

    /// Stops the runner after it has finished its current deliveries.
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap();
    }
}

/// Waits until a delivery has the wanted state.
pub(crate) async fn until(inbox: &Inbox, id: &EnvelopeId, wanted: DeliveryState) {
    eventually(async || inbox.state(id).await.unwrap() == Some(wanted)).await;
}

/// Waits until the condition is true.
pub(crate) async fn eventually(mut is_true: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_true().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), wait).await;
    waited.expect("it becomes true in time");
}

/// Handles due deliveries until one has the wanted state.
pub(crate) async fn run_until(inbox: &Inbox, handlers: Handlers, id: &EnvelopeId, wanted: DeliveryState) {
    let running = Running::start(inbox, handlers);
    until(inbox, id, wanted).await;
    running.stop().await;
}

/// The webhooks that handlers saw, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    pub(crate) fn note(&self, text: impl Into<String>) {
        self.0.lock().unwrap().push(text.into());
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// The operating system's clock plus an offset.
#[derive(Debug, Default)]
pub(crate) struct Ahead(AtomicI64);

impl Ahead {
    pub(crate) fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap();
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        let ahead = u64::try_from(self.0.load(Ordering::SeqCst)).unwrap();
        SystemClock.now().saturating_add(Duration::from_micros(ahead))
    }
}
