//! Checks of leases: exclusion, expiry and fences.

use std::collections::BTreeSet;

use revento_core::Timestamp;
use revento_store::{DeliveryState, InboxStore, Lease, RequeueAttempts, RequeueOutcome};

use super::sample::{MINUTE, NOW, TICK, answered, at, delivery, insert_all, is, lease, leases, minutes, one};
use crate::{
    check::SharedSubject,
    expect::{holds, same},
    race::{CALLERS, race},
    subject::CheckResult,
};

pub(super) async fn q3_a_lease_runs_out_and_is_taken_over(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    insert_all(&*store, [delivery("1")]).await?;
    leases(&*store, "before it arrived", NOW.saturating_sub(TICK), &[]).await?;
    let first = one(&*store, NOW).await?;
    leases(
        &*store,
        "just before the lease ends",
        minutes(1).saturating_sub(TICK),
        &[],
    )
    .await?;
    let second = one(&*store, minutes(1)).await?;
    same("the attempt", second.attempt, 2)?;
    holds(
        "the second lease has a higher fence",
        second.lease.fence > first.lease.fence,
    )?;
    answered(
        "completing the second",
        store.complete(&second.lease, minutes(1)).await?,
        true,
    )
}

pub(super) async fn q3_a_lost_lease_changes_nothing(subject: SharedSubject<dyn InboxStore>) -> CheckResult {
    let store = subject.store();
    insert_all(&*store, [delivery("1")]).await?;
    let lost = one(&*store, NOW).await?.lease;
    let held = one(&*store, minutes(1)).await?.lease;
    let forged = Lease {
        fence: held.fence + 1,
        ..held.clone()
    };
    let unknown = Lease {
        envelope_id: "env_2".into(),
        ..held.clone()
    };
    for wrong in [&lost, &forged, &unknown] {
        answered(
            "completing with a lost lease",
            store.complete(wrong, minutes(1)).await?,
            false,
        )?;
        answered(
            "giving back with a lost lease",
            store.retry(wrong, minutes(1), "late").await?,
            false,
        )?;
        answered(
            "burying with a lost lease",
            store.bury(wrong, minutes(1), "late").await?,
            false,
        )?;
        is(&*store, "1", DeliveryState::Leased).await?;
        leases(&*store, "a lease after that", minutes(1), &[]).await?;
    }
    // A lease that ran out counts until another runner takes over.
    answered(
        "completing late, but first",
        store.complete(&held, minutes(60)).await?,
        true,
    )?;
    for answer in [
        store.complete(&held, minutes(60)).await?,
        store.retry(&held, minutes(60), "again").await?,
        store.bury(&held, minutes(60), "again").await?,
    ] {
        answered("a lease that was used up", answer, false)?;
    }
    is(&*store, "1", DeliveryState::Done).await
}

pub(super) async fn q8_no_delivery_is_leased_twice_at_once(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    let total = CALLERS * 3;
    insert_all(&*store, (0..total).map(|index| delivery(&index.to_string()))).await?;
    let mut seen = BTreeSet::new();
    loop {
        let batches = race(|caller| {
            let store = subject.store();
            async move { store.lease(NOW, NOW.saturating_add(MINUTE), 1 + caller % 3).await }
        })
        .await?;
        let leased: Vec<_> = batches.into_iter().flatten().collect();
        if leased.is_empty() {
            break;
        }
        for delivery in leased {
            let id = delivery.lease.envelope_id;
            holds(&format!("{id} is leased once"), seen.insert(id))?;
        }
    }
    same("how many were leased", seen.len(), total)
}

pub(super) async fn q8_the_longest_waiting_is_first(subject: SharedSubject<dyn InboxStore>) -> CheckResult {
    let store = subject.store();
    let arrivals = [
        at("c", minutes(3)),
        at("a", minutes(1)),
        at("d", minutes(9)),
        at("b", minutes(2)),
    ];
    insert_all(&*store, arrivals).await?;
    for limit in 0..=2 {
        let count = lease(&*store, minutes(0), limit).await?.len();
        same("how many are leased before any is due", count, 0)?;
    }
    let none = lease(&*store, minutes(5), 0).await?.len();
    same("how many a lease of none gives", none, 0)?;
    let first = one(&*store, minutes(5)).await?;
    same("the first", first.lease.envelope_id.as_str(), "env_a")?;
    leases(&*store, "the remaining due deliveries", minutes(5), &["b", "c"]).await?;
    leases(
        &*store,
        "deliveries that are due later, and deliveries whose lease expired",
        minutes(9),
        &["c", "a", "b", "d"],
    )
    .await?;
    Ok(())
}

pub(super) async fn k22_leases_go_by_the_callers_clock(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    let century = MINUTE * 60 * 24 * 36_525;
    for (index, now) in [
        Timestamp::UNIX_EPOCH.saturating_sub(MINUTE),
        NOW,
        NOW.saturating_add(century),
    ]
    .into_iter()
    .enumerate()
    {
        insert_all(&*store, [at(&index.to_string(), now)]).await?;
        let leased = one(&*store, now).await?;
        let until = now.saturating_add(MINUTE);
        leases(&*store, "while it is leased", until.saturating_sub(TICK), &[]).await?;
        let again = one(&*store, until).await?;
        same(
            "the deliveries that are leased again",
            &again.lease.envelope_id,
            &leased.lease.envelope_id,
        )?;
        store.complete(&again.lease, until).await?;
    }
    Ok(())
}

pub(super) async fn q20_attempts_are_counted_from_the_queueing(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    insert_all(&*store, [delivery("1")]).await?;
    let mut fence = None;
    for life in 0..2 {
        for attempt in 1..=4 {
            let now = minutes(life * 10 + attempt);
            let leased = one(&*store, now).await?;
            same("the attempt", leased.attempt, attempt)?;
            holds("each lease has a higher fence", fence < Some(leased.lease.fence))?;
            fence = Some(leased.lease.fence);
            match attempt {
                1 | 2 => answered(
                    "giving it back",
                    store.retry(&leased.lease, now, "failed").await?,
                    true,
                )?,
                3 => {} // It runs out.
                _ => answered(
                    "burying it",
                    store.bury(&leased.lease, now, "failed").await?,
                    true,
                )?,
            }
        }
        same(
            "the answer to a requeue",
            store
                .requeue(&"env_1".into(), minutes(life * 10 + 9), RequeueAttempts::Full)
                .await?,
            RequeueOutcome::Requeued,
        )?;
    }
    Ok(())
}
