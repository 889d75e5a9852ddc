//! Checks that nothing is lost when the engine ends and starts again.

use revento_store::{DeliveryState, InboxStore, RequeueAttempts, RequeueOutcome};

use super::sample::{
    NOW, REQUEUED, answered, at, bury, delivery, insert_all, is, known, lease, leases, minutes, one, ordered,
};
use crate::{
    check::SharedSubject,
    expect::{fail, same},
    subject::CheckResult,
};

/// A delivery of each kind.
async fn fill(store: &dyn InboxStore) -> CheckResult {
    bury(store, delivery("expunged"), minutes(1)).await?;
    store.expunge(minutes(2)).await?;
    bury(store, delivery("buried"), minutes(2)).await?;
    bury(store, delivery("single"), minutes(2)).await?;
    store
        .requeue(&"env_single".into(), minutes(9), RequeueAttempts::Single)
        .await?;
    insert_all(store, [delivery("done")]).await?;
    let done = one(store, NOW).await?;
    store.complete(&done.lease, minutes(3)).await?;
    insert_all(store, [delivery("retried")]).await?;
    let retried = one(store, NOW).await?;
    store.retry(&retried.lease, minutes(8), "no such table").await?;
    insert_all(
        store,
        [
            ordered("first", "key"),
            ordered("second", "key"),
            at("new", minutes(9)),
        ],
    )
    .await
}

pub(super) async fn q2_nothing_is_lost_by_a_restart(subject: SharedSubject<dyn InboxStore>) -> CheckResult {
    let store = subject.store();
    fill(&*store).await?;
    let held = one(&*store, NOW).await?.lease;
    // The newest of all is gone: an engine that counts from the highest number that it finds uses its fence twice.
    insert_all(&*store, [delivery("gone")]).await?;
    let gone = one(&*store, NOW).await?.lease;
    store.complete(&gone, NOW).await?;
    same("how many are forgotten", store.forget(minutes(1)).await?, 1)?;

    let again = subject.reopened().await?;
    for (id, state) in [
        ("expunged", DeliveryState::Buried),
        ("buried", DeliveryState::Buried),
        ("single", DeliveryState::Queued),
        ("done", DeliveryState::Done),
        ("retried", DeliveryState::Queued),
        ("first", DeliveryState::Leased),
        ("second", DeliveryState::Queued),
        ("new", DeliveryState::Queued),
    ] {
        is(&*again, id, state).await?;
    }
    same(
        "the state of what was forgotten",
        again.state(&"env_gone".into()).await?,
        None,
    )?;
    same("when the next is due", again.next_due().await?, Some(minutes(1)))?;
    let retry = again.insert(&delivery("done")).await?;
    same("a retry of a handled delivery", retry, known(DeliveryState::Done))?;
    let refused = again
        .requeue(&"env_expunged".into(), minutes(3), RequeueAttempts::Full)
        .await?;
    same(
        "a requeue of an expunged delivery",
        refused,
        RequeueOutcome::Expunged,
    )?;
    let listed = again.buried(None, 9).await?;
    let listed: Vec<_> = listed
        .iter()
        .map(|one| {
            (
                one.envelope_id.as_str(),
                one.attempts,
                one.error.as_str(),
                one.expunged,
            )
        })
        .collect();
    let expected = vec![
        ("env_buried", 1, "no such table", false),
        ("env_expunged", 1, "", true),
    ];
    same("the buried deliveries", listed, expected)?;
    same(
        "a replay",
        again.insert(&at("buried", minutes(9))).await?,
        REQUEUED,
    )?;

    leases(&*again, "while the lease from before lasts", NOW, &[]).await?;
    answered(
        "completing with the lease from before",
        again.complete(&held, NOW).await?,
        true,
    )?;
    let leased = lease(&*again, minutes(9), 9).await?;
    let came: Vec<_> = leased
        .iter()
        .map(|one| (one.lease.envelope_id.as_str(), one.attempt, one.single_attempt))
        .collect();
    // By the time at which they are due, then by arrival.
    let expected = vec![
        ("env_second", 1, false),
        ("env_retried", 2, false),
        ("env_single", 1, true),
        ("env_new", 1, false),
        ("env_buried", 1, false),
    ];
    same("what waits after a restart", came, expected)?;
    for one in &leased {
        let body = one.lease.envelope_id.as_str().replace("env_", "sealed ");
        same("its body", one.body.as_bytes(), body.as_bytes())?;
    }
    insert_all(&*again, [at("gone", minutes(9))]).await?;
    let Some(anew) = lease(&*again, minutes(9), 1).await?.pop() else {
        return fail("what arrives again after it was forgotten cannot be leased");
    };
    answered(
        "completing with a lease from before",
        again.complete(&gone, minutes(9)).await?,
        false,
    )?;
    answered(
        "completing with the new one",
        again.complete(&anew.lease, minutes(9)).await?,
        true,
    )
}
