//! Checks of ordering keys: one delivery of a key at a time, in the order of arrival.

use revento_store::{InboxStore, NewDelivery, RequeueAttempts};

use super::sample::{NOW, answered, at, delivery, insert_all, leases, minutes, one, ordered};
use crate::{
    check::SharedSubject,
    expect::{fail, same},
    race::race,
    subject::CheckResult,
};

pub(super) async fn q14_an_ordering_key_is_handled_in_order(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    // The order is that of the arrival, not that of the clocks or the ids.
    let mut third = ordered("b", "app_1");
    third.received_at = NOW.saturating_sub(super::sample::MINUTE);
    insert_all(&*store, [ordered("c", "app_1"), ordered("a", "app_1"), third]).await?;
    for id in ["c", "a", "b"] {
        let mut leased = leases(&*store, "the next of its key", NOW, &[id]).await?;
        let Some(delivery) = leased.pop() else {
            return fail("nothing was leased");
        };
        answered("completing it", store.complete(&delivery.lease, NOW).await?, true)?;
    }
    leases(&*store, "the end", NOW, &[]).await?;
    Ok(())
}

pub(super) async fn q14_a_key_is_leased_once_at_a_time(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    insert_all(
        &*store,
        (0..20).map(|index| ordered(&format!("{index:02}"), "app_1")),
    )
    .await?;
    for round in 0..20 {
        let now = minutes(round);
        let batches = race(|_| {
            let store = subject.store();
            async move {
                store
                    .lease(now, now.saturating_add(super::sample::MINUTE), 5)
                    .await
            }
        })
        .await?;
        let leased: Vec<_> = batches.into_iter().flatten().collect();
        let [delivery] = leased.as_slice() else {
            return fail(format!(
                "at most one delivery of a key may be leased at a time, but {} were",
                leased.len()
            ));
        };
        same(
            "which",
            delivery.lease.envelope_id.to_string(),
            format!("env_{round:02}"),
        )?;
        answered("completing it", store.complete(&delivery.lease, now).await?, true)?;
    }
    Ok(())
}

pub(super) async fn q14_a_retry_holds_its_place(subject: SharedSubject<dyn InboxStore>) -> CheckResult {
    let store = subject.store();
    insert_all(&*store, [ordered("1", "app_1"), ordered("2", "app_1")]).await?;
    let first = one(&*store, NOW).await?;
    store.retry(&first.lease, minutes(5), "failed").await?;
    leases(&*store, "while the first waits for its time", minutes(4), &[]).await?;
    leases(&*store, "when its time has come", minutes(5), &["1"]).await?;
    leases(&*store, "while it is handled", minutes(5), &[]).await?;
    leases(&*store, "when its lease ran out", minutes(6), &["1"]).await?;
    Ok(())
}

pub(super) async fn q14_a_buried_delivery_does_not_block_its_key(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    insert_all(
        &*store,
        [
            ordered("1", "app_1"),
            ordered("2", "app_1"),
            ordered("3", "app_1"),
        ],
    )
    .await?;
    let first = one(&*store, NOW).await?;
    store.bury(&first.lease, NOW, "failed").await?;
    let second = one(&*store, NOW).await?;
    same("the next", second.lease.envelope_id.as_str(), "env_2")?;
    store.complete(&second.lease, NOW).await?;
    leases(&*store, "the one after it", NOW, &["3"]).await?;
    Ok(())
}

pub(super) async fn q14_a_requeued_delivery_arrives_anew(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    insert_all(&*store, ["1", "2", "3", "4"].map(|id| ordered(id, "app_1"))).await?;
    for _ in 0..2 {
        let buried = one(&*store, NOW).await?;
        store.bury(&buried.lease, NOW, "failed").await?;
    }
    let third = one(&*store, NOW).await?;
    store.requeue(&"env_2".into(), NOW, RequeueAttempts::Full).await?;
    let replay = NewDelivery {
        signed_at: minutes(1),
        ..at("1", NOW)
    };
    store.insert(&replay).await?;
    leases(&*store, "while one of the key is handled", NOW, &[]).await?;
    leases(&*store, "when its lease ran out", minutes(1), &["3"]).await?;
    answered(
        "the lease that was lost",
        store.complete(&third.lease, NOW).await?,
        false,
    )?;
    let third = one(&*store, minutes(2)).await?;
    store.complete(&third.lease, minutes(2)).await?;
    for id in ["4", "2", "1"] {
        let mut leased = leases(&*store, "the next of the key", minutes(2), &[id]).await?;
        let Some(delivery) = leased.pop() else {
            return fail("nothing was leased");
        };
        store.complete(&delivery.lease, minutes(2)).await?;
    }
    // Alone in its key, it is in front at once.
    insert_all(&*store, [ordered("5", "app_1")]).await?;
    let last = one(&*store, minutes(2)).await?;
    store.bury(&last.lease, minutes(2), "failed").await?;
    store
        .requeue(&"env_5".into(), minutes(2), RequeueAttempts::Full)
        .await?;
    leases(&*store, "the only one of its key", minutes(2), &["5"]).await?;
    Ok(())
}

pub(super) async fn q14_keys_do_not_hold_each_other_up(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    let deliveries = [
        ordered("1", "app_1"),
        ordered("2", "app_1"),
        ordered("3", "app_2"),
        delivery("4"),
        delivery("5"),
        ordered("6", "APP_1"),
    ];
    insert_all(&*store, deliveries).await?;
    leases(
        &*store,
        "the first of each key, and all without one",
        NOW,
        &["1", "3", "4", "5", "6"],
    )
    .await?;
    leases(&*store, "while those are handled", NOW, &[]).await?;
    Ok(())
}
