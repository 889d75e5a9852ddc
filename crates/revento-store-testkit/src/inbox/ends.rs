//! Checks of numbers and times at the ends of their range, and of equal times.

use revento_core::Timestamp;
use revento_store::{InboxStore, RequeueAttempts};

use super::sample::{NOW, answered, at, delivery, insert_all, leases, minutes, one};
use crate::{check::SharedSubject, expect::same, subject::CheckResult};

/// In their order. The order of their texts is another one.
const TIMES: [i64; 12] = [
    i64::MIN,
    i64::MIN + 1,
    -1_000_000_000_000_000,
    -10,
    -9,
    0,
    9,
    10,
    1_999_999,
    2_000_000,
    1_778_336_551_000_001,
    i64::MAX - 1,
];

pub(super) async fn q8_deliveries_are_due_in_order_to_both_ends_of_time(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    let times = TIMES.map(Timestamp::from_unix_micros);
    // The later ones first, under names whose order is that of the arrival.
    for (number, time) in times.into_iter().rev().enumerate() {
        insert_all(&*store, [at(&format!("{number:02}"), time)]).await?;
    }
    let all = store.lease(Timestamp::MAX, Timestamp::MAX, usize::MAX).await?;
    let came: Vec<i64> = all.iter().map(|one| one.received_at.unix_micros()).collect();
    same("all in the order of their times", came.as_slice(), &TIMES)?;
    for leased in all {
        let retried = store.retry(&leased.lease, leased.received_at, "failed").await?;
        answered("giving it back", retried, true)?;
    }
    for (place, now) in times.into_iter().enumerate() {
        same("when the next is due", store.next_due().await?, Some(now))?;
        let leased = store.lease(now, Timestamp::MAX, 9).await?;
        let came: Vec<Timestamp> = leased.iter().map(|one| one.received_at).collect();
        same(
            &format!("what can be leased at {} µs", TIMES[place]),
            came,
            vec![now],
        )?;
        for leased in leased {
            answered("completing it", store.complete(&leased.lease, now).await?, true)?;
        }
    }
    same("when the next is due", store.next_due().await?, None)?;
    for (place, before) in times.into_iter().enumerate() {
        let forgotten = store.forget(before).await?;
        let what = format!(
            "how many were handled before {} µs, and not before the time before",
            TIMES[place]
        );
        same(&what, forgotten, u64::from(place > 0))?;
    }
    same(
        "how many were handled before the end of time",
        store.forget(Timestamp::MAX).await?,
        1,
    )?;

    insert_all(&*store, [at("last", Timestamp::MAX)]).await?;
    same(
        "when the last is due",
        store.next_due().await?,
        Some(Timestamp::MAX),
    )?;
    let leased = one(&*store, Timestamp::MAX).await?;
    answered(
        "completing it",
        store.complete(&leased.lease, Timestamp::MAX).await?,
        true,
    )?;
    same(
        "how many were handled before that time",
        store.forget(Timestamp::MAX).await?,
        0,
    )
}

pub(super) async fn q20_more_than_255_attempts_are_counted(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    const ATTEMPTS: u32 = 257;
    let store = subject.store();
    insert_all(&*store, [delivery("1")]).await?;
    for attempt in 1..ATTEMPTS {
        let leased = one(&*store, minutes(attempt)).await?;
        same("the attempt", leased.attempt, attempt)?;
    }
    let last = one(&*store, minutes(ATTEMPTS)).await?;
    same("the attempt", last.attempt, ATTEMPTS)?;
    store.bury(&last.lease, minutes(ATTEMPTS), "failed").await?;
    let listed = store.buried(None, 1).await?;
    same(
        "the attempts that are listed",
        listed.first().map(|buried| buried.attempts),
        Some(ATTEMPTS),
    )
}

pub(super) async fn q8_equal_times_are_in_the_order_of_arrival(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    insert_all(&*store, ["c", "a", "d", "b"].map(delivery)).await?;
    let first = leases(
        &*store,
        "all, in the order of arrival",
        NOW,
        &["c", "a", "d", "b"],
    )
    .await?;
    // They wait again, the last one first, and one of them arrives anew.
    for leased in first.iter().rev() {
        if leased.lease.envelope_id.as_str() == "env_a" {
            store.bury(&leased.lease, minutes(1), "failed").await?;
            store
                .requeue(&"env_a".into(), minutes(2), RequeueAttempts::Full)
                .await?;
        } else {
            store.retry(&leased.lease, minutes(2), "failed").await?;
        }
    }
    let (one_by_one, order) = (minutes(2), ["c", "d", "b", "a"]);
    for id in order {
        let leased = one(&*store, one_by_one).await?;
        same(
            "the next in the order of arrival",
            leased.lease.envelope_id.to_string(),
            format!("env_{id}"),
        )?;
    }
    Ok(())
}
