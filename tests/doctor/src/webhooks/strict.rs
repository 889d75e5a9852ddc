//! Mistakes of a receiver that is too strict about what is signed. Without one, everything signed is accepted.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::Value;

use super::envelope;
use crate::app::App;
use crate::machine::now;

/// When each application was approved, as far as this process knows. Only by mistake.
pub(crate) type Approvals = Mutex<HashMap<String, Timestamp>>;

const TYPES: [&str; 13] = [
    "application.submitted",
    "application.approved",
    "application.rejected",
    "application.revision_requested",
    "participant.registered",
    "participant.profile_updated",
    "activity.updated",
    "activity.capacity_state_changed",
    "event.published",
    "event.unpublished",
    "user.revoked_access",
    "data.deletion_required",
    "integration.suspended",
];

const MEMBERS: [&str; 6] = ["id", "type", "occurred_at", "event_id", "organization_id", "data"];

const STATUSES: [&str; 5] = [
    "pending",
    "approved",
    "rejected",
    "revision_requested",
    "cancelled",
];

/// Why the body is refused, if it is.
pub(super) fn refuses(app: &App, body: &[u8]) -> Option<&'static str> {
    let mistakes = &app.mistakes;
    let envelope = envelope(body);
    let kind = envelope.get("type")?.as_str()?;
    if mistakes.has("delivery-every-type") && kind == "activity.capacity_state_changed" {
        return Some("nobody needs this type");
    }
    if mistakes.has("delivery-unknown-type") && !TYPES.contains(&kind) {
        return Some("unknown variant of `type`");
    }
    if mistakes.has("delivery-unknown-fields")
        && !envelope
            .as_object()?
            .keys()
            .all(|name| MEMBERS.contains(&name.as_str()))
    {
        return Some("unknown field");
    }
    if mistakes.has("delivery-null-ids") && envelope.get("event_id")?.is_null() {
        return Some("`event_id` is null");
    }
    let occurred_at: Option<Timestamp> = envelope.get("occurred_at").and_then(Value::as_str)?.parse().ok();
    if mistakes.has("delivery-late") && occurred_at.is_some_and(|at| at.as_second() < now() - 86_400) {
        return Some("too old");
    }
    let data = envelope.get("data")?;
    if mistakes.has("delivery-unknown-status") && kind.starts_with("application.") {
        let status = data.get("status")?.as_str()?;
        if !STATUSES.contains(&status) {
            return Some("unknown variant of `status`");
        }
    }
    if mistakes.has("delivery-free-form-fields") {
        let mut answers = data.get("custom_form_fields")?.as_object()?.values();
        if !answers.all(|answer| answer.is_string() || answer.is_number()) {
            return Some("expected a text");
        }
    }
    let application = data.get("id")?.as_str()?;
    if mistakes.has("delivery-out-of-order") && is_step_back(app, kind, application, occurred_at?) {
        return Some("this application is approved already");
    }
    None
}

fn is_step_back(app: &App, kind: &str, application: &str, occurred_at: Timestamp) -> bool {
    let mut approvals = app.approvals.lock().unwrap_or_else(PoisonError::into_inner);
    match kind {
        "application.approved" => {
            approvals.insert(application.to_owned(), occurred_at);
            false
        }
        "application.submitted" => approvals
            .get(application)
            .is_some_and(|approved| *approved > occurred_at),
        _ => false,
    }
}
