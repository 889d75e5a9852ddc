//! Checks of different calls for one delivery at once: none may undo what another one has reported.

use revento_store::{DeliveryState, InboxStore, InsertOutcome, RequeueAttempts, RequeueOutcome};

use super::sample::{NOW, answered, at, bury, delivery, insert_all, is, lease, minutes, one};
use crate::{
    check::SharedSubject,
    expect::{fail, same},
    race::{CALLERS, ROUNDS, race},
    subject::CheckResult,
};

pub(super) async fn q3_of_many_outcomes_of_a_lease_one_counts(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    for round in 0..ROUNDS {
        // All three at once, and then each one alone.
        let outcome = |caller: usize| round.checked_sub(1).unwrap_or(caller) % 3;
        insert_all(&*store, [delivery(&round.to_string())]).await?;
        let lease = one(&*store, NOW).await?.lease;
        let answers = race(|caller| {
            let (store, lease, outcome) = (subject.store(), lease.clone(), outcome(caller));
            async move {
                match outcome {
                    0 => store.complete(&lease, NOW).await,
                    1 => store.retry(&lease, minutes(1_000_000), "failed").await,
                    _ => store.bury(&lease, NOW, "failed").await,
                }
            }
        })
        .await?;
        let winners: Vec<usize> = (0..CALLERS).filter(|caller| answers[*caller]).collect();
        let [winner] = winners[..] else {
            return fail(format!(
                "of {CALLERS} simultaneous outcomes of one lease exactly one has to count, but {} did",
                winners.len()
            ));
        };
        let state = match outcome(winner) {
            0 => DeliveryState::Done,
            1 => DeliveryState::Queued,
            _ => DeliveryState::Buried,
        };
        is(&*store, &round.to_string(), state).await?;
    }
    Ok(())
}

pub(super) async fn q9_of_many_replays_and_requeues_one_queues(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    for round in 0..ROUNDS {
        // Both at once, and then each one alone.
        let is_replay = |caller: usize| round.checked_sub(1).unwrap_or(caller) % 2 == 0;
        let id = round.to_string();
        bury(&*store, delivery(&id), NOW).await?;
        let answers = race(|caller| {
            let (store, replay, is_replay) = (subject.store(), at(&id, minutes(1)), is_replay(caller));
            async move {
                if is_replay {
                    let inserted = store.insert(&replay).await?;
                    return Ok(matches!(inserted, InsertOutcome::Requeued { .. }));
                }
                let id = &replay.envelope_id;
                let requeued = store.requeue(id, minutes(1), RequeueAttempts::Full).await?;
                Ok(requeued == RequeueOutcome::Requeued)
            }
        })
        .await?;
        let queued = answers.iter().filter(|queued| **queued).count();
        same(
            "how many simultaneous replays and requeues have queued it",
            queued,
            1,
        )?;
        let leased = one(&*store, minutes(1)).await?;
        let done = store.complete(&leased.lease, minutes(1)).await?;
        answered("completing it", done, true)?;
    }
    Ok(())
}

/// Either the requeue came first, and the delivery waits with its body, or the expunging did, and it stays buried.
pub(super) async fn q18_expunging_and_a_requeue_exclude_each_other(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    for round in 0..ROUNDS {
        let id = round.to_string();
        bury(&*store, delivery(&id), NOW).await?;
        let answers = race(|caller| {
            let (store, id) = (subject.store(), delivery(&id).envelope_id);
            async move {
                if caller % 2 == 0 {
                    return Ok((store.expunge(minutes(1)).await?, 0));
                }
                let requeued = store.requeue(&id, minutes(1), RequeueAttempts::Full).await?;
                Ok((0, u64::from(requeued == RequeueOutcome::Requeued)))
            }
        })
        .await?;
        let expunged: u64 = answers.iter().map(|(expunged, _)| expunged).sum();
        let requeued: u64 = answers.iter().map(|(_, requeued)| requeued).sum();
        if expunged + requeued != 1 {
            return fail(format!(
                "one delivery was expunged {expunged} times and requeued {requeued} times at once: exactly one has to happen"
            ));
        }
        let leased = lease(&*store, minutes(1), 9).await?;
        same(
            "how many deliveries wait after that",
            leased.len() as u64,
            requeued,
        )?;
        for leased in leased {
            let body = format!("sealed {id}");
            same(
                "the body of the requeued delivery",
                leased.body.as_bytes(),
                body.as_bytes(),
            )?;
            let done = store.complete(&leased.lease, minutes(1)).await?;
            answered("completing it", done, true)?;
        }
    }
    Ok(())
}

pub(super) async fn q3_a_late_outcome_and_a_takeover_exclude_each_other(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    for round in 0..ROUNDS {
        insert_all(&*store, [delivery(&round.to_string())]).await?;
        let late = one(&*store, NOW).await?.lease;
        let answers = race(|caller| {
            let (store, late) = (subject.store(), late.clone());
            async move {
                if caller % 2 == 0 {
                    return Ok(usize::from(store.complete(&late, minutes(1)).await?));
                }
                Ok(store.lease(minutes(1), minutes(2), 1).await?.len())
            }
        })
        .await?;
        let count = answers.iter().sum::<usize>();
        same("how many have completed the delivery or taken it over", count, 1)?;
        for leased in lease(&*store, minutes(2), 9).await? {
            store.complete(&leased.lease, minutes(2)).await?;
        }
        is(&*store, &round.to_string(), DeliveryState::Done).await?;
    }
    Ok(())
}
