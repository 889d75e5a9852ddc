//! Where the clock can be sent: just before or just after what happens next.

use serde::Serialize;

use super::Refused;
use crate::decisions;
use crate::machine::time::Time;
use crate::platform::records::SecretKind;
use crate::platform::state::State;

/// How near "just before" and "just after" are.
const NEAR_S: i64 = 1;

/// Something that will happen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Milestone {
    pub(crate) at: Time,
    pub(crate) kind: &'static str,
    pub(crate) what: String,
}

/// The kinds of milestones, for error messages and documents.
pub(crate) const KINDS: [&str; 8] = [
    "access_expiry",
    "refresh_expiry",
    "year_cap",
    "code_expiry",
    "retry",
    "deadline",
    "capacity_notice",
    "secret_retirement",
];

/// What lies ahead, the nearest first.
pub(crate) fn ahead(state: &State, now: Time) -> Vec<Milestone> {
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
    for code in state.codes.iter().filter(|code| code.used_for.is_none()) {
        add(code.expires_at, "code_expiry", &code.event_id);
    }
    for (at, id) in state.due() {
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
    for notice in state.notices.iter() {
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
    found.sort();
    found
}

/// Sends the clock just before or just after the next milestone of a kind (`any` takes the nearest).
pub(crate) fn travel(state: &mut State, now: Time, kind: &str, after: bool) -> Result<Milestone, Refused> {
    if kind != "any" && !KINDS.contains(&kind) {
        return Err(Refused::NotFound(format!(
            "'{kind}' is no milestone; they are {} and any.",
            KINDS.join(", ")
        )));
    }
    let shift = if after { NEAR_S } else { -NEAR_S };
    let target = ahead(state, now)
        .into_iter()
        .find(|milestone| (kind == "any" || milestone.kind == kind) && milestone.at.plus_seconds(shift) > now)
        .ok_or_else(|| Refused::Conflict(format!("Nothing of the kind '{kind}' lies ahead.")))?;
    let goal = target.at.plus_seconds(shift);
    state.advance_clock_micros(goal.micros().saturating_sub(now.micros()));
    Ok(target)
}
