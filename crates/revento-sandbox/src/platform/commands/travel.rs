//! Advancing the clock to just before or just after the next milestone.

use super::error::CommandError;
use crate::platform::queries::milestones::{KINDS, Milestone, upcoming};
use crate::platform::state::State;
use crate::primitives::time::Time;

/// The distance of "just before" and "just after" from the milestone, in seconds.
const NEAR_S: i64 = 1;

/// Advances the clock to just before or just after the next milestone of a kind. `any` is the next of all kinds.
pub(crate) fn travel(
    state: &mut State,
    now: Time,
    kind: &str,
    after: bool,
) -> Result<Milestone, CommandError> {
    if kind != "any" && !KINDS.contains(&kind) {
        return Err(CommandError::NotFound(format!(
            "'{kind}' is not a milestone; the milestones are {} and any.",
            KINDS.join(", ")
        )));
    }
    let shift = if after { NEAR_S } else { -NEAR_S };
    let target = upcoming(state, now)
        .into_iter()
        .find(|milestone| (kind == "any" || milestone.kind == kind) && milestone.at.plus_seconds(shift) > now)
        .ok_or_else(|| CommandError::Conflict(format!("No milestone of the kind '{kind}' is ahead.")))?;
    let goal = target.at.plus_seconds(shift);
    state.advance_clock_micros(goal.micros().saturating_sub(now.micros()));
    Ok(target)
}
