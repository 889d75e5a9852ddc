//! Plans what an attempt sends, and applies the faults of deliveries.

use std::time::Duration;

use crate::faults::{FaultKind, TriggeredFault};
use crate::primitives::digest;

/// A request to send.
#[derive(Debug, Clone)]
pub(crate) struct OutgoingRequest {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// What an attempt sends, in this order, and how its answer counts.
#[derive(Debug)]
pub(super) struct AttemptPlan {
    /// The wait before the first request.
    pub(super) wait: Duration,
    pub(super) requests: Vec<OutgoingRequest>,
    /// Sends all requests at the same time instead of one after the other.
    pub(super) concurrently: bool,
    /// Writes header names in title case.
    pub(super) title_case: bool,
    /// The attempt fails with this error, whatever the answer.
    pub(super) fails_with: Option<&'static str>,
}

/// The secrets that sign webhooks.
#[derive(Debug, Clone)]
pub(super) struct SigningKeys {
    /// The secret that signs now.
    pub(super) current: String,
    /// The first secret that the integration ever had.
    pub(super) oldest: String,
}

/// The values of a delivery's headers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeaderValues<'a> {
    pub(crate) id: &'a str,
    pub(crate) event_type: &'a str,
    pub(crate) timestamp: i64,
}

/// The request without a fault (contract §4.1).
pub(crate) fn signed(values: HeaderValues<'_>, key: &str, body: &str) -> OutgoingRequest {
    let timestamp = values.timestamp.to_string();
    let signature = digest::hmac_hex(key.as_bytes(), &[timestamp.as_bytes(), b".", body.as_bytes()]);
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("x-revento-event", values.event_type.to_owned()),
        ("x-revento-delivery-id", values.id.to_owned()),
        ("x-revento-timestamp", timestamp),
        ("x-revento-signature", format!("sha256={signature}")),
    ];
    OutgoingRequest {
        headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        body: body.to_owned(),
    }
}

/// The plan of an attempt, with or without a fault.
pub(super) fn plan(
    fault: Option<&TriggeredFault>,
    values: HeaderValues<'_>,
    keys: &SigningKeys,
    body: &str,
) -> AttemptPlan {
    let good = signed(values, &keys.current, body);
    let mut plan = AttemptPlan {
        wait: Duration::ZERO,
        requests: vec![good.clone()],
        concurrently: false,
        title_case: false,
        fails_with: None,
    };
    let Some(fault) = fault else { return plan };
    let skew = fault.parameters.seconds.unwrap_or(301).clamp(0, 10_000_000);
    match fault.kind {
        FaultKind::DeliveryDuplicated => plan.requests.push(good),
        FaultKind::DeliveryStorm => {
            let times = fault.parameters.times_sent.unwrap_or(10).clamp(1, 200);
            plan.requests = (0..times).map(|_| good.clone()).collect();
            plan.concurrently = true;
        }
        FaultKind::DeliveryReordered => {
            plan.wait = Duration::from_millis(fault.parameters.delay_ms.unwrap_or(1_500).min(120_000));
        }
        FaultKind::DeliveryTitleCase => plan.title_case = true,
        FaultKind::DeliveryDropped => {
            plan.requests.clear();
            plan.fails_with = Some("not sent, because of a fault that was armed in the sandbox");
        }
        FaultKind::DeliveryAckLost => {
            plan.fails_with = Some("the answer was ignored, because of a fault that was armed in the sandbox")
        }
        FaultKind::DeliveryOtherId => {
            let mut replay = good;
            let id = digest::uuid(format!("another id for {} at {}", values.id, values.timestamp));
            replace(&mut replay, "x-revento-delivery-id", |value| *value = id);
            plan.requests.push(replay);
        }
        kind => plan.requests = vec![altered(kind, skew, values, keys, body, good)],
    }
    plan
}

/// The single request that some faults send instead of the good one.
fn altered(
    kind: FaultKind,
    skew: i64,
    values: HeaderValues<'_>,
    keys: &SigningKeys,
    body: &str,
    mut good: OutgoingRequest,
) -> OutgoingRequest {
    match kind {
        FaultKind::DeliveryStale => signed(
            HeaderValues {
                timestamp: values.timestamp.saturating_sub(skew),
                ..values
            },
            &keys.current,
            body,
        ),
        FaultKind::DeliveryAhead => signed(
            HeaderValues {
                timestamp: values.timestamp.saturating_add(skew),
                ..values
            },
            &keys.current,
            body,
        ),
        FaultKind::DeliveryWrongSecret => signed(values, "whsec_of_somebody_else", body),
        FaultKind::DeliveryOldSecret => signed(values, &keys.oldest, body),
        FaultKind::DeliveryUnknownType => {
            let future = "something.of_the_future";
            let body = edited(body, |fields| {
                fields.insert("type".to_owned(), future.into());
            });
            signed(
                HeaderValues {
                    event_type: future,
                    ..values
                },
                &keys.current,
                &body,
            )
        }
        FaultKind::DeliveryUnknownFields => {
            let body = edited(body, |fields| {
                fields.insert(
                    "x_new_field".to_owned(),
                    serde_json::json!({ "nested": [1, null] }),
                );
            });
            signed(values, &keys.current, &body)
        }
        FaultKind::DeliveryCorrupted => {
            good.body = good.body.replacen('e', "3", 1);
            good
        }
        FaultKind::DeliveryTruncated => {
            let half = good
                .body
                .char_indices()
                .map(|(at, _)| at)
                .find(|at| *at >= good.body.len() / 2)
                .unwrap_or(0);
            good.body.truncate(half);
            good
        }
        FaultKind::DeliveryUnsigned => {
            good.headers.retain(|(name, _)| name != "x-revento-signature");
            good
        }
        FaultKind::DeliveryBareSignature => {
            replace(&mut good, "x-revento-signature", |value| {
                *value = value.replacen("sha256=", "", 1)
            });
            good
        }
        FaultKind::DeliveryOtherType => {
            replace(&mut good, "x-revento-event", |value| {
                *value = "integration.suspended".to_owned()
            });
            good
        }
        _ => good,
    }
}

fn replace(request: &mut OutgoingRequest, name: &str, change: impl FnOnce(&mut String)) {
    if let Some((_, value)) = request.headers.iter_mut().find(|(known, _)| known == name) {
        change(value);
    }
}

/// A body with changed fields.
fn edited(body: &str, change: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>)) -> String {
    match serde_json::from_str(body) {
        Ok(serde_json::Value::Object(mut fields)) => {
            change(&mut fields);
            serde_json::Value::Object(fields).to_string()
        }
        _ => body.to_owned(),
    }
}
