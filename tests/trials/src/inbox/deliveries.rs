//! Signed deliveries, as the platform sends them.

use anyhow::Result;
use revento_core::Timestamp;
use revento_store::{Clock as _, SystemClock};
use revento_webhooks::Signer;

use crate::random::Random;

pub(super) const SECRET: &str = "whsec_6f1c0b9a7e5d4c3b2a19087f6e5d4c3b";
pub(super) const EVENT_TYPE: &str = "application.approved";
/// The length of a body.
const BYTES: usize = 1024;

/// A delivery that nobody has received yet.
pub(super) struct Delivery {
    pub(super) envelope_id: String,
    pub(super) delivery_id: String,
    pub(super) timestamp: String,
    pub(super) signature: String,
    pub(super) body: String,
}

impl Delivery {
    pub(super) fn headers(&self) -> [(&'static str, &str); 4] {
        [
            ("X-Revento-Event", EVENT_TYPE),
            ("X-Revento-Delivery-Id", &self.delivery_id),
            ("X-Revento-Timestamp", &self.timestamp),
            ("X-Revento-Signature", &self.signature),
        ]
    }

    /// The HTTP request. All of them have the same length.
    pub(super) fn request(&self) -> String {
        let mut text = format!(
            "POST /webhooks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
            self.body.len()
        );
        for (name, value) in self.headers() {
            text.push_str(name);
            text.push_str(": ");
            text.push_str(value);
            text.push_str("\r\n");
        }
        text.push_str("\r\n");
        text.push_str(&self.body);
        text
    }
}

/// The sender of deliveries. No id comes twice.
pub(super) struct Platform {
    signer: Signer,
    random: Random,
    /// The part of the body behind the id.
    rest: String,
}

impl Platform {
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            signer: Signer::new(SECRET)?,
            random: Random::new(1),
            rest: rest(),
        })
    }

    /// Signs this many deliveries now.
    pub(super) fn sign(&mut self, count: usize) -> Vec<Delivery> {
        let now = now().unix_seconds();
        (0..count).map(|_| self.delivery(now)).collect()
    }

    fn delivery(&mut self, now: i64) -> Delivery {
        let (high, low) = (self.random.next(), self.random.next());
        let envelope_id = format!("evt_delivery_{high:016x}{low:016x}");
        let body = format!(r#"{{"id":"{envelope_id}",{}"#, self.rest);
        Delivery {
            delivery_id: uuid(self.random.next(), self.random.next()),
            timestamp: now.to_string(),
            signature: self.signer.sign(now, body.as_bytes()),
            envelope_id,
            body,
        }
    }
}

pub(super) fn now() -> Timestamp {
    SystemClock.now()
}

/// The text of a UUID v4.
fn uuid(high: u64, low: u64) -> String {
    let (a, b, c) = (high >> 32, high >> 16 & 0xffff, high & 0xfff);
    let (d, e) = (low >> 48 & 0x3fff | 0x8000, low & 0xffff_ffff_ffff);
    format!("{a:08x}-{b:04x}-4{c:03x}-{d:04x}-{e:012x}")
}

/// An approved application with as many answers as reach the length of a body.
fn rest() -> String {
    let mut text = format!(
        r#""type":"{EVENT_TYPE}","occurred_at":"2026-05-09T14:22:31Z","event_id":"evt_1","organization_id":"org_1","data":{{"id":"app_1","participant_id":"ptp_1","user_id":"usr_1","status":"approved","approved_at":"2026-05-09T14:22:30Z","approver_id":"usr_2","custom_form_fields":{{"#
    );
    let head = r#"{"id":"evt_delivery_","#.len() + 32;
    let tail = r#""notes":""}}}"#.len();
    for number in 0.. {
        let field = format!(r#""field_{number}":{{"answer":"text {number}","list":[1,2,3]}},"#);
        if head + text.len() + field.len() + tail > BYTES {
            break;
        }
        text.push_str(&field);
    }
    let missing = BYTES.saturating_sub(head + text.len() + tail);
    text.push_str(&format!(r#""notes":"{}"}}}}}}"#, "x".repeat(missing)));
    text
}

#[cfg(test)]
mod tests {
    use revento_core::Envelope;
    use revento_webhooks::{Headers, Verifier};

    use super::*;

    #[test]
    fn deliveries_are_verifiable_of_one_length_and_have_ids_of_their_own() {
        let deliveries = Platform::new().unwrap().sign(3);
        let verifier = Verifier::new(SECRET).unwrap();
        let mut ids = Vec::new();
        for delivery in &deliveries {
            let headers = Headers::collect(delivery.headers()).unwrap();
            let now = delivery.timestamp.parse().unwrap();
            verifier.verify(&headers, delivery.body.as_bytes(), now).unwrap();
            assert_eq!(delivery.body.len(), BYTES);
            assert_eq!(delivery.request().len(), deliveries[0].request().len());
            let envelope = Envelope::parse(delivery.body.as_bytes()).unwrap();
            assert_eq!(envelope.id.as_str(), delivery.envelope_id);
            assert_eq!(delivery.delivery_id.len(), 36);
            ids.extend([&delivery.envelope_id, &delivery.delivery_id]);
        }
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 6);
    }
}
