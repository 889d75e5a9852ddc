//! Checks of the outcomes of a delivery: handled, retried, buried, requeued.

use revento_store::{DeliveryState, InboxStore, RequeueAttempts, RequeueOutcome};

use super::sample::{NOW, REQUEUED, TICK, answered, at, delivery, insert_all, is, leases, minutes, one};
use crate::{check::SharedSubject, expect::same, subject::CheckResult};

pub(super) async fn q10_a_handled_delivery_is_handled(subject: SharedSubject<dyn InboxStore>) -> CheckResult {
    let store = subject.store();
    insert_all(&*store, [delivery("1"), delivery("2")]).await?;
    let first = one(&*store, NOW).await?;
    answered(
        "completing it",
        store.complete(&first.lease, minutes(1)).await?,
        true,
    )?;
    is(&*store, "1", DeliveryState::Done).await?;
    is(&*store, "2", DeliveryState::Queued).await?;
    leases(&*store, "the remaining deliveries", minutes(60), &["2"]).await?;
    Ok(())
}

pub(super) async fn q8_a_retry_waits_for_its_time(subject: SharedSubject<dyn InboxStore>) -> CheckResult {
    let store = subject.store();
    insert_all(&*store, [delivery("1")]).await?;
    let leased = one(&*store, NOW).await?;
    answered(
        "giving it back",
        store
            .retry(&leased.lease, minutes(10), "the handler failed")
            .await?,
        true,
    )?;
    is(&*store, "1", DeliveryState::Queued).await?;
    leases(
        &*store,
        "just before its time",
        minutes(10).saturating_sub(TICK),
        &[],
    )
    .await?;
    leases(&*store, "at its time", minutes(10), &["1"]).await?;
    Ok(())
}

pub(super) async fn q4_a_buried_delivery_waits_for_somebody(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    insert_all(&*store, [delivery("1")]).await?;
    for round in 0..2 {
        let now = minutes(round * 10);
        let leased = one(&*store, now).await?;
        answered(
            "burying it",
            store.bury(&leased.lease, now, "it failed too often").await?,
            true,
        )?;
        is(&*store, "1", DeliveryState::Buried).await?;
        leases(&*store, "a lease much later", minutes(100_000), &[]).await?;
        same(
            "the answer to a requeue",
            store
                .requeue(&"env_1".into(), now.saturating_add(TICK), RequeueAttempts::Full)
                .await?,
            RequeueOutcome::Requeued,
        )?;
        is(&*store, "1", DeliveryState::Queued).await?;
        leases(&*store, "a lease before the requeue", now, &[]).await?;
    }
    Ok(())
}

pub(super) async fn h30_a_requeue_says_how_many_attempts_follow(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    insert_all(&*store, [delivery("1")]).await?;
    let leased = one(&*store, NOW).await?;
    same(
        "whether a new delivery has one attempt",
        leased.single_attempt,
        false,
    )?;
    store.bury(&leased.lease, NOW, "it failed").await?;
    for (minute, attempts, single) in [
        (10, RequeueAttempts::Single, true),
        (20, RequeueAttempts::Full, false),
        (30, RequeueAttempts::Single, true),
    ] {
        let now = minutes(minute);
        store.requeue(&"env_1".into(), now, attempts).await?;
        // The runner crashes, and another one takes over.
        for _ in 0..2 {
            let leased = one(&*store, now).await?;
            let what = format!("whether a delivery has one attempt after a requeue for {attempts:?}");
            same(&what, leased.single_attempt, single)?;
            store.retry(&leased.lease, now, "it failed").await?;
        }
        let leased = one(&*store, now).await?;
        store.bury(&leased.lease, now, "it failed").await?;
    }
    let replay = at("1", minutes(40));
    same("a replay", store.insert(&replay).await?, REQUEUED)?;
    let leased = one(&*store, minutes(40)).await?;
    same(
        "whether a delivery has one attempt after a replay",
        leased.single_attempt,
        false,
    )
}

pub(super) async fn q9_only_what_is_buried_is_requeued(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    let requeue = async |state: &str| {
        let answer = store
            .requeue(&"env_1".into(), minutes(5), RequeueAttempts::Full)
            .await?;
        same(
            &format!("a requeue of a delivery in the state {state}"),
            answer,
            RequeueOutcome::NotBuried,
        )
    };
    requeue("unknown").await?;
    insert_all(&*store, [delivery("1")]).await?;
    requeue("queued").await?;
    let leased = one(&*store, NOW).await?;
    requeue("leased").await?;
    is(&*store, "1", DeliveryState::Leased).await?;
    answered("completing it", store.complete(&leased.lease, NOW).await?, true)?;
    requeue("done").await?;
    is(&*store, "1", DeliveryState::Done).await
}
