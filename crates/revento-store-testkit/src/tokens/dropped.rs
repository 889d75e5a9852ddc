//! Checks of calls that are dropped before they complete.

use revento_store::{ClaimOutcome, ClaimTerms, TokenStore};

use super::sample::{NOW, claim, created, end_of, granted, key, loaded, marked, record, swapped};
use crate::{
    check::SharedSubject,
    dropped::{DROPS, drop_after, moment},
    expect::{fail, holds, same},
    subject::CheckResult,
};

pub(super) async fn k23_a_dropped_swap_is_whole_or_never_was(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let (store, other) = (subject.store(), subject.replica().await?);
    let record = record("evt_1");
    created(&*store, &record).await?;
    for number in 1..=DROPS {
        let before = loaded(&*other, &key("evt_1")).await?;
        let new = marked(&record, number as usize);
        drop_after(moment(number), store.compare_and_swap(before.version, &new, None)).await?;
        // What was sent may still be on its way: another write settles it, whether it wins or loses.
        let now = loaded(&*other, &key("evt_1")).await?;
        other.compare_and_swap(now.version, &now.record, None).await?;
        let after = loaded(&*other, &key("evt_1")).await?.record;
        if after != before.record && after != new {
            return fail(format!(
                "a swap that was dropped has left {after:?}, neither the old record nor the new one"
            ));
        }
    }
    Ok(())
}

/// Writes in every way through one handle, often enough to use each pooled connection, and reads through another.
async fn is_durable(store: &dyn TokenStore, other: &dyn TokenStore, number: u32) -> CheckResult {
    let marker = super::sample::record(&format!("evt_marker_{number}"));
    let key = &marker.connection.key;
    let mut version = created(store, &marker).await?;
    let seen = other.load(key).await?.map(|stored| stored.version);
    same(
        "the version of a record created after dropped calls, as a replica sees it",
        seen,
        Some(version),
    )?;
    for round in 1..=2 {
        version = swapped(store, version, &marked(&marker, round), None).await?;
        let seen = other.load(key).await?.map(|stored| stored.version);
        same(
            "the version of a record swapped after dropped calls, as a replica sees it",
            seen,
            Some(version),
        )?;
        let (fence, _) = granted(store, key, version, NOW).await?;
        let held = claim(other, key, version, NOW).await?;
        same(
            "a claim made after dropped calls, as a replica sees it",
            held,
            ClaimOutcome::Held { until: end_of(NOW) },
        )?;
        store.release(key, fence).await?;
        let (fence, _) = granted(other, key, version, NOW).await?;
        other.release(key, fence).await?;
    }
    store.remove(key).await?;
    same(
        "a record removed after dropped calls, as a replica sees it",
        other.load(key).await?,
        None,
    )
}

pub(super) async fn k23_what_follows_a_dropped_call_is_durable(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let (store, other) = (subject.store(), subject.replica().await?);
    let record = record("evt_1");
    let version = created(&*store, &record).await?;
    let mut now = NOW;
    for number in 1..=DROPS {
        let terms = ClaimTerms {
            version,
            now,
            until: end_of(now),
        };
        drop_after(moment(number), store.claim(&key("evt_1"), terms)).await?;
        drop_after(
            moment(number),
            store.create(&super::sample::record(&format!("evt_dropped_{number}"))),
        )
        .await?;
        drop_after(
            moment(number),
            store.remove(&key(&format!("evt_dropped_{number}"))),
        )
        .await?;
        drop_after(moment(number), store.load(&key("evt_1"))).await?;
        is_durable(&*store, &*other, number).await?;
        now = end_of(now);
    }
    // Every claim was either taken or not; none lasts.
    let last = claim(&*other, &key("evt_1"), version, end_of(now)).await?;
    holds(
        "a dropped claim expires",
        matches!(last, ClaimOutcome::Granted { .. }),
    )
}
