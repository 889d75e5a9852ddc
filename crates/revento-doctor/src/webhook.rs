//! Webhooks of the doctor's own making.

use serde_json::{Value, json};
use url::Url;

use crate::integration::Outgoing;
use crate::platform::world::{Event, ORGANIZATION, Person};
use crate::primitives::{hmac_hex, unix_now};

/// A webhook that can be changed before it is sent. Without changes it is a good one.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    pub(crate) event_type: String,
    pub(crate) delivery_id: String,
    /// The text of the timestamp header.
    pub(crate) timestamp: String,
    pub(crate) secret: String,
    /// The bytes that are signed and sent.
    pub(crate) body: Vec<u8>,
    /// The `id` of the envelope.
    pub(crate) envelope_id: String,
}

impl Webhook {
    pub(crate) fn new(envelope: &Value, delivery_id: String, secret: String) -> Self {
        let text = |name: &str| {
            envelope
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        Self {
            event_type: text("type"),
            envelope_id: text("id"),
            delivery_id,
            timestamp: unix_now().as_secs().to_string(),
            secret,
            body: envelope.to_string().into_bytes(),
        }
    }

    /// With another value at a place of the envelope, such as `/data/status`. The type of the webhook follows the envelope.
    pub(crate) fn set(mut self, place: &str, value: impl Into<Value>) -> Self {
        let mut envelope: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let (parent, name) = place.rsplit_once('/').unwrap_or(("", place));
        if let Some(Value::Object(members)) = envelope.pointer_mut(parent) {
            members.insert(name.to_owned(), value.into());
        }
        if let Some(event_type) = envelope.get("type").and_then(Value::as_str) {
            event_type.clone_into(&mut self.event_type);
        }
        self.body = envelope.to_string().into_bytes();
        self
    }

    /// With other bytes as its body.
    pub(crate) fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Signs as of `seconds` from now.
    pub(crate) fn at(mut self, seconds: i64) -> Self {
        let now = i64::try_from(unix_now().as_secs()).unwrap_or_default();
        self.timestamp = now.saturating_add(seconds).to_string();
        self
    }

    /// `sha256=` and the lowercase hex of the HMAC (contract §4.1).
    pub(crate) fn signature(&self) -> String {
        let parts = [self.timestamp.as_bytes(), b".", &self.body];
        format!("sha256={}", hmac_hex(self.secret.as_bytes(), &parts))
    }

    /// The request, signed. A check may change it afterwards.
    pub(crate) fn request(&self, url: Url) -> Outgoing {
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("x-revento-event", self.event_type.clone()),
            ("x-revento-delivery-id", self.delivery_id.clone()),
            ("x-revento-timestamp", self.timestamp.clone()),
            ("x-revento-signature", self.signature()),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value));
        Outgoing::post(url, &headers, self.body.clone())
    }
}

impl Outgoing {
    /// Replaces a header, or removes it.
    pub(crate) fn with(mut self, name: &str, value: Option<&[u8]>) -> Self {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }
}

/// The envelope of a webhook about a person's application (contract §4.2).
pub(crate) fn application_envelope(event: &Event, person: &Person, event_type: &str, id: &str) -> Value {
    let status = event_type.rsplit('.').next().unwrap_or_default();
    let status = if status == "submitted" { "pending" } else { status };
    let at = jiff::Timestamp::from_second(i64::try_from(unix_now().as_secs()).unwrap_or_default());
    let at = at.map(|at| at.to_string()).unwrap_or_default();
    json!({
        "id": id, "type": event_type, "occurred_at": at, "event_id": event.id, "organization_id": ORGANIZATION,
        "data": {
            "id": person.application_id, "participant_id": person.participant_id, "user_id": person.user_id,
            "status": status, "approved_at": at, "approver_id": "usr_organizer_atlas",
            "custom_form_fields": { "favorite_track": "Systems", "dietary_notes": person.answer },
        },
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The SDK's verifier agrees with the vectors of other languages, so it can judge.
        #[test]
        fn w1_the_verifier_accepts_what_the_doctor_signs(
            secret in "[!-~]{16,64}",
            body in any::<Vec<u8>>().prop_filter("not blank", |body| !body.trim_ascii().is_empty()),
            skew in -200_i64..200,
        ) {
            let webhook = Webhook::new(&json!({ "type": "participant.updated" }), "dlv_1".to_owned(), secret.clone());
            let request = webhook.with_body(body).at(skew).request(Url::parse("http://localhost/").unwrap());
            let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
            let headers = revento_webhooks::Headers::collect(headers).unwrap();
            let now = i64::try_from(unix_now().as_secs()).unwrap();
            let verify = |secret: &str| {
                let verifier = revento_webhooks::Verifier::new(secret).unwrap();
                verifier.verify(&headers, &request.body, now).map(|verified| verified.body().to_vec())
            };
            prop_assert_eq!(&verify(&secret).unwrap(), &request.body);
            let other = format!("{secret}x");
            prop_assert!(verify(&other).is_err());
        }
    }

    #[test]
    fn a_changed_envelope_takes_its_headers_along() {
        let envelope = json!({ "id": "1", "type": "application.approved", "data": { "status": "approved" } });
        let webhook = Webhook::new(&envelope, String::new(), String::new());
        let webhook = webhook
            .set("/type", "badge.printed")
            .set("/data/seat", json!([7]));
        assert_eq!(webhook.event_type, "badge.printed");
        let sent: Value = serde_json::from_slice(&webhook.body).unwrap();
        assert_eq!(
            sent,
            json!({ "id": "1", "type": "badge.printed", "data": { "status": "approved", "seat": [7] } })
        );
    }
}
