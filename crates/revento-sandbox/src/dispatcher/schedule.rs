//! Which deliveries are due, and what follows from an attempt (contract §4.1).

use std::collections::HashSet;
use std::time::Duration;

use crate::decisions;
use crate::durability::WriteError;
use crate::platform::commands::scheduled;
use crate::platform::records::{Attempt, Delivery, DeliveryStatus};
use crate::platform::state::State;
use crate::primitives::time::Time;
use crate::runtime::Runtime;

/// The longest sleep. A change of the clock wakes the dispatcher earlier.
const MAX_SLEEP: Duration = Duration::from_secs(3_600);

/// The deliveries to attempt now, and how long until the next ones.
pub(super) struct Round {
    pub(super) due: Vec<Delivery>,
    pub(super) next: Option<Duration>,
}

/// Runs the scheduled commands that are due, and returns due deliveries that are not `in_flight`. At most
/// `max_concurrent` are in flight afterwards.
pub(super) async fn next_round(
    runtime: &Runtime,
    in_flight: &HashSet<String>,
    max_concurrent: usize,
) -> Round {
    let command_due = runtime
        .read(|state, context| scheduled::next_due(state).is_some_and(|at| at <= context.now))
        .await;
    if command_due.unwrap_or(false)
        && let Err(error) = runtime.write(scheduled::run_due).await
    {
        tracing::error!(%error, "a scheduled command could not be recorded");
    }
    let round = runtime
        .read(|state, context| due_now(state, context.now, in_flight, max_concurrent))
        .await;
    round.unwrap_or_else(|error| {
        tracing::error!(%error, "the dispatcher waits until the data file can be written");
        Round {
            due: Vec::new(),
            next: Some(Duration::from_secs(1)),
        }
    })
}

fn due_now(state: &State, now: Time, in_flight: &HashSet<String>, max_concurrent: usize) -> Round {
    let mut round = Round {
        due: Vec::new(),
        next: scheduled::next_due(state).map(|at| now.until(at)),
    };
    for (at, id) in state.due_deliveries().filter(|(_, id)| !in_flight.contains(*id)) {
        if at > now {
            let wait = now.until(at);
            round.next = Some(round.next.map_or(wait, |command| command.min(wait)));
            break;
        }
        // The end of an attempt wakes the dispatcher, so the remaining deliveries follow then.
        if in_flight.len() + round.due.len() >= max_concurrent {
            break;
        }
        round.due.extend(state.deliveries.get(id).cloned());
    }
    round
}

pub(super) async fn sleep(next: Option<Duration>) {
    tokio::time::sleep(next.unwrap_or(MAX_SLEEP).min(MAX_SLEEP)).await;
}

/// Records an attempt and schedules the next one. `before` is the delivery as it was before the attempt.
pub(super) async fn record(runtime: &Runtime, before: &Delivery, attempt: Attempt) -> Result<(), WriteError> {
    runtime
        .write(|state, context| {
            // A reset may have deleted the delivery in the meantime.
            let Some(mut delivery) = state.deliveries.get(&before.id).cloned() else {
                return;
            };
            let success = decisions::is_success(attempt.status);
            state.increment(if success {
                "deliveries_succeeded"
            } else {
                "attempts_failed"
            });
            // Most deliveries have one attempt, and there can be many deliveries.
            delivery.attempts.reserve_exact(1);
            delivery.attempts.push(attempt);
            let was_dead = delivery.status == DeliveryStatus::Dead;
            apply(&mut delivery, before, success, context.now);
            if delivery.status == DeliveryStatus::Dead && !was_dead {
                state.increment("dead_letters");
            }
            state.put_delivery(delivery);
        })
        .await
}

/// What an attempt changes. A replay or a new start of the schedule during the attempt keeps the attempt that it asked for.
fn apply(delivery: &mut Delivery, before: &Delivery, success: bool, now: Time) {
    if success {
        delivery.status = DeliveryStatus::Delivered;
        delivery.failures = 0;
    }
    if before.replay_at.is_some() {
        if delivery.replay_at == before.replay_at {
            delivery.replay_at = None;
        }
        if success {
            delivery.next_attempt_at = None;
        }
    } else if delivery.next_attempt_at == before.next_attempt_at {
        schedule_next(delivery, success, now);
    }
}

fn schedule_next(delivery: &mut Delivery, success: bool, now: Time) {
    delivery.next_attempt_at = None;
    if success {
        return;
    }
    let waits = usize::try_from(delivery.failures).unwrap_or(usize::MAX);
    delivery.failures = delivery.failures.saturating_add(1);
    match decisions::RETRY_WAITS_S.get(waits) {
        Some(wait) => delivery.next_attempt_at = Some(now.plus_seconds(*wait)),
        None => delivery.status = DeliveryStatus::Dead,
    }
}
