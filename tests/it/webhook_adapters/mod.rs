//! One suite over real sockets for the adapters to tower, axum and actix-web. They behave alike.

mod bodies;
mod client;
mod forged;
mod framing;
mod handlers;
mod http2;
mod limits;
mod log;
mod malformed;
mod mistakes;
mod overload;
mod pressure;
mod probes;
mod server;
mod shelf;
mod slow_heads;
mod statuses;
mod values;
mod vectors;

use std::sync::atomic::{AtomicI64, Ordering};

use revento_core::Timestamp;
use revento_store::Clock;
use revento_webhooks::{Signer, Verifier};

use self::{client::Request, server::Adapter};

const SECRET: &str = "whsec_6f1c0b9a7e5d4c3b2a19087f6e5d4c3b";
const NOW: i64 = 1_778_336_551;
const APPROVED: &str = r#"{"id":"env_1","type":"application.approved","occurred_at":"2026-05-09T14:22:31Z","event_id":"evt_1","organization_id":"org_1","data":{"id":"app_1","status":"approved","approved_at":"2026-05-09T14:22:30Z","approver_id":"usr_2"}}"#;

/// A clock that changes only when a test sets it.
#[derive(Debug)]
struct FixedClock(AtomicI64);

impl FixedClock {
    fn at(now: i64) -> Self {
        Self(AtomicI64::new(now))
    }

    fn set(&self, now: i64) {
        self.0.store(now, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.0.load(Ordering::SeqCst))
    }
}

fn verifier() -> Verifier {
    Verifier::new(SECRET).unwrap()
}

/// The text of every 401.
const UNVERIFIED: &str = "the webhook is not verified; the log of the receiver has the reason\n";

/// A POST with a valid signature.
fn signed_post(path: &str, event: &str, body: &[u8]) -> Request {
    let signature = Signer::new(SECRET).unwrap().sign(NOW, body);
    Request::post(path)
        .header("X-Revento-Event", event)
        .header("X-Revento-Delivery-Id", "5f0c9f0e")
        .header("X-Revento-Timestamp", NOW.to_string())
        .header("X-Revento-Signature", signature)
        .body(body)
}

fn approved(path: &str) -> Request {
    signed_post(path, "application.approved", APPROVED.as_bytes())
}

const ALL: [Adapter; 3] = [Adapter::Tower, Adapter::Axum, Adapter::Actix];
