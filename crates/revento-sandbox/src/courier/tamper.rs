//! Faults of deliveries: what is sent instead of the genuine request.

use std::time::Duration;

use crate::laboratory::book::Strike;
use crate::laboratory::kinds::Kind;
use crate::machine::digest;

/// A request as it goes out.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

/// How an attempt is made: what goes out, in this order, and how its answer counts.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) wait: Duration,
    pub(super) requests: Vec<Outgoing>,
    /// All at once instead of one after the other.
    pub(super) at_once: bool,
    /// Header names are written in title case.
    pub(super) title_case: bool,
    /// The answer counts as lost, for this reason.
    pub(super) lost: Option<&'static str>,
}

/// What signing needs.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    pub(super) signing: String,
    pub(super) oldest: String,
}

/// Everything about a delivery that goes into its headers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) id: &'a str,
    pub(super) event_type: &'a str,
    pub(super) timestamp: i64,
}

/// The genuine request (contract section 4.1).
pub(super) fn genuine(facts: Facts<'_>, key: &str, body: &str) -> Outgoing {
    let timestamp = facts.timestamp.to_string();
    let signature = digest::hmac_hex(key.as_bytes(), &[timestamp.as_bytes(), b".", body.as_bytes()]);
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("x-revento-event", facts.event_type.to_owned()),
        ("x-revento-delivery-id", facts.id.to_owned()),
        ("x-revento-timestamp", timestamp),
        ("x-revento-signature", format!("sha256={signature}")),
    ];
    Outgoing {
        headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        body: body.to_owned(),
    }
}

/// What goes out, with or without a fault.
pub(super) fn plan(strike: Option<&Strike>, facts: Facts<'_>, keys: &Keys, body: &str) -> Plan {
    let good = genuine(facts, &keys.signing, body);
    let mut plan = Plan {
        wait: Duration::ZERO,
        requests: vec![good.clone()],
        at_once: false,
        title_case: false,
        lost: None,
    };
    let Some(strike) = strike else { return plan };
    let skew = strike.tuning.seconds.unwrap_or(301).clamp(0, 10_000_000);
    match strike.kind {
        Kind::DeliveryDuplicated => plan.requests.push(good),
        Kind::DeliveryStorm => {
            let times = strike.tuning.times_sent.unwrap_or(10).clamp(1, 200);
            plan.requests = (0..times).map(|_| good.clone()).collect();
            plan.at_once = true;
        }
        Kind::DeliveryReordered => {
            plan.wait = Duration::from_millis(strike.tuning.delay_ms.unwrap_or(1_500).min(120_000));
        }
        Kind::DeliveryTitleCase => plan.title_case = true,
        Kind::DeliveryDropped => {
            plan.requests.clear();
            plan.lost = Some("lost on its way: a fault that was armed in the sandbox");
        }
        Kind::DeliveryAckLost => {
            plan.lost = Some("its answer was lost: a fault that was armed in the sandbox")
        }
        Kind::DeliveryOtherId => {
            let mut replay = good;
            let id = digest::uuid(format!("another id for {} at {}", facts.id, facts.timestamp));
            replace(&mut replay, "x-revento-delivery-id", |value| *value = id);
            plan.requests.push(replay);
        }
        kind => plan.requests = vec![altered(kind, skew, facts, keys, body, good)],
    }
    plan
}

fn altered(kind: Kind, skew: i64, facts: Facts<'_>, keys: &Keys, body: &str, mut good: Outgoing) -> Outgoing {
    match kind {
        Kind::DeliveryStale => genuine(
            Facts {
                timestamp: facts.timestamp.saturating_sub(skew),
                ..facts
            },
            &keys.signing,
            body,
        ),
        Kind::DeliveryAhead => genuine(
            Facts {
                timestamp: facts.timestamp.saturating_add(skew),
                ..facts
            },
            &keys.signing,
            body,
        ),
        Kind::DeliveryWrongSecret => genuine(facts, "whsec_of_somebody_else", body),
        Kind::DeliveryOldSecret => genuine(facts, &keys.oldest, body),
        Kind::DeliveryUnknownType => {
            let future = "something.of_the_future";
            let body = edited(body, |fields| {
                fields.insert("type".to_owned(), future.into());
            });
            genuine(
                Facts {
                    event_type: future,
                    ..facts
                },
                &keys.signing,
                &body,
            )
        }
        Kind::DeliveryUnknownFields => {
            let body = edited(body, |fields| {
                fields.insert(
                    "x_new_field".to_owned(),
                    serde_json::json!({ "nested": [1, null] }),
                );
            });
            genuine(facts, &keys.signing, &body)
        }
        Kind::DeliveryCorrupted => {
            good.body = good.body.replacen('e', "3", 1);
            good
        }
        Kind::DeliveryTruncated => {
            let half = good
                .body
                .char_indices()
                .map(|(at, _)| at)
                .find(|at| *at >= good.body.len() / 2)
                .unwrap_or(0);
            good.body.truncate(half);
            good
        }
        Kind::DeliveryUnsigned => {
            good.headers.retain(|(name, _)| name != "x-revento-signature");
            good
        }
        Kind::DeliveryBareSignature => {
            replace(&mut good, "x-revento-signature", |value| {
                *value = value.replacen("sha256=", "", 1)
            });
            good
        }
        Kind::DeliveryOtherType => {
            replace(&mut good, "x-revento-event", |value| {
                *value = "integration.suspended".to_owned()
            });
            good
        }
        _ => good,
    }
}

fn replace(request: &mut Outgoing, name: &str, change: impl FnOnce(&mut String)) {
    if let Some((_, value)) = request.headers.iter_mut().find(|(known, _)| known == name) {
        change(value);
    }
}

fn edited(body: &str, change: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>)) -> String {
    match serde_json::from_str(body) {
        Ok(serde_json::Value::Object(mut fields)) => {
            change(&mut fields);
            serde_json::Value::Object(fields).to_string()
        }
        _ => body.to_owned(),
    }
}
