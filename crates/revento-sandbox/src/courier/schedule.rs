//! What is due, and what follows from an attempt (contract section 4.1).

use std::collections::HashSet;
use std::time::Duration;

use crate::decisions;
use crate::durability::Unwritten;
use crate::machine::time::Time;
use crate::platform::acts::chores;
use crate::platform::hub::Hub;
use crate::platform::records::{Attempt, Delivery, DeliveryStatus};
use crate::platform::state::State;

/// The longest sleep: a moved clock wakes the courier anyway.
const LONGEST: Duration = Duration::from_secs(3_600);

/// The deliveries to be taken now, and how long until the next one.
pub(super) struct Round {
    pub(super) due: Vec<Delivery>,
    pub(super) next: Option<Duration>,
}

/// Does the chores that are due, and finds what is to be delivered beside what is `under_way`, `at_once` in all.
pub(super) async fn round(hub: &Hub, under_way: &HashSet<String>, at_once: usize) -> Round {
    let chore = hub
        .read(|state, now| chores::next(state).is_some_and(|at| at <= now))
        .await;
    if chore.unwrap_or(false)
        && let Err(error) = hub.write(chores::run).await
    {
        tracing::error!(%error, "a chore was not written down");
    }
    let looked = hub.read(|state, now| look(state, now, under_way, at_once)).await;
    looked.unwrap_or_else(|error| {
        tracing::error!(%error, "the courier waits");
        Round {
            due: Vec::new(),
            next: Some(Duration::from_secs(1)),
        }
    })
}

fn look(state: &State, now: Time, under_way: &HashSet<String>, at_once: usize) -> Round {
    let mut round = Round {
        due: Vec::new(),
        next: chores::next(state).map(|at| now.until(at)),
    };
    for (at, id) in state.due().filter(|(_, id)| !under_way.contains(*id)) {
        if at > now {
            let wait = now.until(at);
            round.next = Some(round.next.map_or(wait, |chore| chore.min(wait)));
            break;
        }
        // Whoever ends an attempt calls for the next round, so what has no place now gets one then.
        if under_way.len() + round.due.len() >= at_once {
            break;
        }
        round.due.extend(state.deliveries.get(id).cloned());
    }
    round
}

pub(super) async fn sleep(next: Option<Duration>) {
    tokio::time::sleep(next.unwrap_or(LONGEST).min(LONGEST)).await;
}

/// Writes an attempt down and decides what follows.
pub(super) async fn settle(hub: &Hub, taken: &Delivery, attempt: Attempt) -> Result<(), Unwritten> {
    hub.write(|state, scene| {
        // A reset may have taken the delivery away meanwhile.
        let Some(mut delivery) = state.deliveries.get(&taken.id).cloned() else {
            return;
        };
        let success = decisions::is_success(attempt.status);
        state.count(if success {
            "deliveries_succeeded"
        } else {
            "attempts_failed"
        });
        // Most deliveries have one attempt, and there can be many deliveries.
        delivery.attempts.reserve_exact(1);
        delivery.attempts.push(attempt);
        // One that was replayed while this attempt was under way keeps the attempt that it was promised.
        if delivery.next_attempt_at == taken.next_attempt_at {
            conclude(&mut delivery, success, scene.now);
        }
        if delivery.status == DeliveryStatus::Dead {
            state.count("dead_letters");
        }
        state.put_delivery(delivery);
    })
    .await
}

fn conclude(delivery: &mut Delivery, success: bool, now: Time) {
    delivery.next_attempt_at = None;
    if success {
        delivery.status = DeliveryStatus::Delivered;
        delivery.failures = 0;
        return;
    }
    let waited = usize::try_from(delivery.failures).unwrap_or(usize::MAX);
    delivery.failures = delivery.failures.saturating_add(1);
    match decisions::RETRY_WAITS_S.get(waited) {
        Some(wait) => delivery.next_attempt_at = Some(now.plus_seconds(*wait)),
        None => delivery.status = DeliveryStatus::Dead,
    }
}
