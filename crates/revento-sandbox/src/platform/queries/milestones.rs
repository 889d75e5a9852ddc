//! What happens next on the sandbox clock.

use serde::Serialize;

use crate::decisions;
use crate::platform::records::SecretKind;
use crate::platform::state::State;
use crate::primitives::time::Time;

/// Something that happens at a known time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Milestone {
    pub(crate) at: Time,
    pub(crate) kind: &'static str,
    /// The id of the family, event, delivery or activity, or which secret.
    pub(crate) what: String,
}

/// The kinds of milestones.
pub(crate) const KINDS: [&str; 9] = [
    "access_expiry",
    "refresh_expiry",
    "year_cap",
    "code_expiry",
    "retry",
    "deadline",
    "capacity_notice",
    "secret_retirement",
    "weekly_reset",
];

/// The milestones in the future, the nearest first.
pub(crate) fn upcoming(state: &State, now: Time) -> Vec<Milestone> {
    let mut found = Vec::new();
    let mut add = |at: Time, kind: &'static str, what: &str| {
        if at > now {
            found.push(Milestone {
                at,
                kind,
                what: what.to_owned(),
            });
        }
    };
    for family in state.families.iter().filter(|family| family.revoked.is_none()) {
        add(family.access_expires_at, "access_expiry", &family.id);
        add(family.refresh_expires_at, "refresh_expiry", &family.id);
        add(family.capped_at, "year_cap", &family.id);
    }
    for code in state.codes.iter().filter(|code| !code.is_spent()) {
        add(code.expires_at, "code_expiry", &code.event_id);
    }
    for (at, id) in state.due_deliveries() {
        add(at, "retry", id);
    }
    for connection in state.connections.iter() {
        if let Some(ended) = &connection.ended {
            add(
                ended.at.plus_seconds(decisions::DELETION_DEADLINE_S),
                "deadline",
                &connection.event_id,
            );
        }
    }
    for notice in state.capacity_notices.iter() {
        add(notice.due_at, "capacity_notice", &notice.activity_id);
    }
    for row in state.credentials.iter() {
        let kind = match row.kind {
            SecretKind::Client => "client secret",
            SecretKind::Webhook => "webhook secret",
        };
        if let Some(at) = row.retires_at {
            add(at, "secret_retirement", kind);
        }
    }
    if let Some(at) = state.weekly_reset_at() {
        add(at, "weekly_reset", "test data");
    }
    found.sort();
    found
}
