//! What a receiver has to put up with: any order, any age, unknown types and values.

use serde_json::{Value, json};

use super::{good, shows_handled};
use crate::check::{Check, check};
use crate::checks::answers::{accepted, accepted_as, working_receiver};
use crate::exam::{Exam, Problem, untestable};
use crate::webhook::Webhook;

pub(in crate::checks) const CHECKS: &[Check] = &[
    check!(Delivery Required "§4.3" "delivery-every-type" [WebhookUrl]
        "A webhook of every type is acknowledged"
        why: "A type that the handler does not expect would be retried for a day and then buried, and fill the dead-letter queue"
        mend: "Acknowledge every verified webhook; decide by its type in the worker"
        run: every_type),
    check!(Delivery Required "§9" "delivery-unknown-type" [WebhookUrl]
        "A webhook of an unknown type is acknowledged"
        why: "The platform may add types on any day: they would be retried for a day and then buried"
        mend: "Treat an unknown type as a value: acknowledge it, and ignore or log it in the worker"
        run: unknown_type),
    check!(Delivery Required "§9" "delivery-unknown-fields" [WebhookUrl]
        "A webhook with unknown fields is acknowledged and handled"
        why: "The platform may add fields on any day: a strict parser refuses every webhook from then on"
        mend: "Ignore fields that you do not know, in the envelope and in `data`"
        run: unknown_fields),
    check!(Delivery Required "§9" "delivery-unknown-status" [WebhookUrl]
        "A webhook with an unknown status is acknowledged and handled"
        why: "Enums grow: a webhook with the new value would be refused, with all its other data"
        mend: "Keep an unknown value as text instead of failing"
        run: unknown_status),
    check!(Delivery Required "§3.4" "delivery-free-form-fields" [WebhookUrl]
        "A webhook whose form answers are of any JSON type is acknowledged and handled"
        why: "`custom_form_fields` is free-form: answers can be null, numbers, lists and objects. A parser that expects texts refuses these people's webhooks"
        mend: "Read `custom_form_fields` as any JSON object"
        run: free_form),
    check!(Delivery Required "§4.2" "delivery-null-ids" [WebhookUrl]
        "A webhook without event and organization (both ids are null) is acknowledged"
        why: "At the level of the integration both ids are null, as in `integration.suspended`: exactly the webhook that nobody may miss"
        mend: "Allow null for `event_id` and `organization_id`"
        run: null_ids),
    check!(Delivery Required "§4.2" "delivery-out-of-order" [WebhookUrl]
        "An older webhook that arrives after a newer one is acknowledged"
        why: "Retries overtake each other: a receiver that refuses the older one gets it again and again for a day"
        mend: "Acknowledge it; compare `occurred_at` with what you have in the worker, and keep the newer state"
        run: out_of_order),
    check!(Delivery Required "§4.2" "delivery-late" [WebhookUrl]
        "A webhook about something that happened six days ago is acknowledged and handled"
        why: "Deliveries can arrive late: after an outage of a day, or by a replay from the console. Only the timestamp header is the time of sending"
        mend: "Judge the age of a request by X-Revento-Timestamp alone, never by `occurred_at`"
        run: late),
];

/// Types that change nothing at the integration but its copy of the data.
const HARMLESS: [&str; 10] = [
    "application.submitted",
    "application.approved",
    "application.rejected",
    "application.revision_requested",
    "participant.registered",
    "participant.profile_updated",
    "activity.updated",
    "activity.capacity_state_changed",
    "event.unpublished",
    "event.published",
];

async fn every_type(exam: &mut Exam) -> Result<(), Problem> {
    let event = working_receiver(exam).await?;
    let before = exam.platform.relay().delivered().len();
    for kind in HARMLESS {
        let wanted = json!({ "type": kind, "event_id": event.id });
        let answer = exam.platform.control("POST", "/deliveries/test", wanted).await;
        if answer.get("delivery_id").is_none() {
            return Err(Problem::Untestable(format!(
                "the platform does not send {kind}: {answer}"
            )));
        }
    }
    let settled = exam.platform.sandbox().deliveries_settled().await;
    settled.map_err(untestable)?;
    let delivered = exam.platform.relay().delivered();
    let exchanges = delivered
        .iter()
        .skip(before)
        .filter_map(|delivered| delivered.exchange.clone());
    let exchanges: Vec<_> = exchanges.collect();
    exam.evidence.extend(exchanges.iter().cloned());
    if exchanges.len() < HARMLESS.len() {
        let text = format!(
            "the platform sent {} of {} webhooks",
            exchanges.len(),
            HARMLESS.len()
        );
        return Err(Problem::Untestable(text));
    }
    for exchange in &exchanges {
        let kind = exchange
            .request_headers
            .iter()
            .find(|(name, _)| name == "x-revento-event");
        accepted_as(kind.map_or("", |(_, kind)| kind), exchange)?;
    }
    Ok(())
}

async fn unknown_type(exam: &mut Exam) -> Result<(), Problem> {
    let (_, webhook) = good(exam).await?;
    let webhook = webhook.set("/type", "badge.printed");
    let webhook = webhook.set("/data", json!({ "id": "bdg_1", "printer": { "name": "Hall 4" } }));
    let exchange = exam.send(webhook.request(exam.webhook_url()?)).await;
    accepted(&exchange)
}

async fn unknown_fields(exam: &mut Exam) -> Result<(), Problem> {
    let (_, webhook) = good(exam).await?;
    let webhook = webhook
        .set("/api_version", "2031-01-01")
        .set("/trace", json!({ "span": [1, 2, 3] }))
        .set("/data/seat", json!({ "row": 7, "reserved": true }))
        .set("/data/nickname", Value::Null);
    send_and_wait(exam, &webhook).await
}

async fn unknown_status(exam: &mut Exam) -> Result<(), Problem> {
    let (_, webhook) = good(exam).await?;
    send_and_wait(exam, &webhook.set("/data/status", "waitlisted")).await
}

async fn free_form(exam: &mut Exam) -> Result<(), Problem> {
    let (_, webhook) = good(exam).await?;
    let fields = json!({
        "nothing": null, "age": 41, "share": 0.5, "agrees": true, "languages": ["de", "fr"],
        "address": { "city": "Leipzig" }, "": "a question without a name", "dietary_notes": "",
    });
    send_and_wait(exam, &webhook.set("/data/custom_form_fields", fields)).await
}

async fn null_ids(exam: &mut Exam) -> Result<(), Problem> {
    // A type that nobody knows, since the known ones end every connection. That unknown types are acknowledged is judged elsewhere.
    let (_, webhook) = good(exam).await?;
    let known = about_the_integration(webhook);
    let exchange = exam.send(known.request(exam.webhook_url()?)).await;
    if accepted(&exchange).is_err() {
        return Err(Problem::Untestable(
            "a webhook of an unknown type is not acknowledged (see delivery-unknown-type)".to_owned(),
        ));
    }
    let (_, webhook) = good(exam).await?;
    let webhook = about_the_integration(webhook)
        .set("/event_id", Value::Null)
        .set("/organization_id", Value::Null);
    let exchange = exam.send(webhook.request(exam.webhook_url()?)).await;
    accepted_as("a webhook whose event_id and organization_id are null", &exchange)
}

fn about_the_integration(webhook: Webhook) -> Webhook {
    webhook
        .set("/type", "integration.catalog_updated")
        .set("/data", json!({ "note": "A new category." }))
}

async fn out_of_order(exam: &mut Exam) -> Result<(), Problem> {
    let (event, newer) = good(exam).await?;
    let mut older = exam
        .webhook(&event, "application.submitted")
        .set("/occurred_at", ago(3_600));
    for name in ["id", "participant_id", "user_id"] {
        let place = format!("/data/{name}");
        older = older.set(&place, value_at(&newer, &place));
    }
    let exchange = exam.send(newer.request(exam.webhook_url()?)).await;
    accepted(&exchange)?;
    let exchange = exam.send(older.request(exam.webhook_url()?)).await;
    accepted_as(
        "application.submitted after application.approved of the same application",
        &exchange,
    )
}

async fn late(exam: &mut Exam) -> Result<(), Problem> {
    let (_, webhook) = good(exam).await?;
    send_and_wait(exam, &webhook.set("/occurred_at", ago(6 * 86_400))).await
}

/// The webhook has to be acknowledged, and handled if that can be seen.
async fn send_and_wait(exam: &mut Exam, webhook: &Webhook) -> Result<(), Problem> {
    let visible = shows_handled(exam).await;
    let exchange = exam.send(webhook.request(exam.webhook_url()?)).await;
    accepted(&exchange)?;
    if !visible {
        return Ok(());
    }
    exam.wait_until_handled(&webhook.envelope_id).await
}

/// A value of the envelope.
fn value_at(webhook: &Webhook, place: &str) -> Value {
    let envelope: Value = serde_json::from_slice(&webhook.body).unwrap_or_default();
    envelope.pointer(place).cloned().unwrap_or_default()
}

/// The time this many seconds ago, in ISO 8601.
fn ago(seconds: i64) -> String {
    let now = i64::try_from(crate::primitives::unix_now().as_secs()).unwrap_or_default();
    let at = jiff::Timestamp::from_second(now.saturating_sub(seconds));
    at.map(|at| at.to_string()).unwrap_or_default()
}
