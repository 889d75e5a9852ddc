//! Checks of restarts and replicas.

use revento_core::Timestamp;
use revento_store::{ClaimOutcome, ClaimTerms, SwapOutcome, TokenStore};

use super::sample::{NOW, claim, created, end_of, granted, key, loaded, marked, record, renewed, swapped};
use crate::{
    check::SharedSubject,
    expect::{holds, same},
    race::race,
    subject::CheckResult,
};

pub(super) async fn k23_what_was_reported_is_there_after_reopening(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let version = created(&*store, &record("evt_1")).await?;
    let version = swapped(&*store, version, &marked(&record("evt_1"), 2), None).await?;
    created(&*store, &record("evt_2")).await?;
    created(&*store, &record("evt_3")).await?;
    store.remove(&key("evt_2")).await?;

    let again = subject.replica().await?;
    let stored = loaded(&*again, &key("evt_1")).await?;
    same(
        "the record that was swapped",
        stored.record,
        marked(&record("evt_1"), 2),
    )?;
    same("its version", stored.version, version)?;
    same(
        "the record that was removed",
        again.load(&key("evt_2")).await?,
        None,
    )?;
    same(
        "how many are due",
        again
            .due(&"clt_test".into(), Timestamp::MAX, None, 10)
            .await?
            .len(),
        2,
    )?;
    same(
        "how many are listed",
        again.of_client(&"clt_test".into(), None, 100).await?.len(),
        2,
    )
}

pub(super) async fn k23_claims_and_counters_survive_reopening(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let record = record("evt_1");
    let version = created(&*store, &record).await?;
    granted(&*store, &key("evt_1"), version, NOW).await?;
    let (fence, _) = granted(&*store, &key("evt_1"), version, end_of(NOW)).await?;
    let later = end_of(NOW);

    let again = subject.replica().await?;
    let answer = claim(&*again, &key("evt_1"), version, later).await?;
    same("the claim", answer, ClaimOutcome::Held { until: end_of(later) })?;
    again.release(&key("evt_1"), fence).await?;
    let (next, abandoned) = granted(&*again, &key("evt_1"), version, later).await?;
    same("whether the earlier claim was abandoned", abandoned, true)?;
    holds("fences go on growing", next > fence)?;

    again.remove(&key("evt_1")).await?;
    let third = subject.replica().await?;
    let new = created(&*third, &record).await?;
    holds(
        "versions go on growing, though the record was removed before",
        new > version,
    )?;
    let answer = third.compare_and_swap(version, &renewed(&record), None).await?;
    same("a swap of a version from before", answer, SwapOutcome::Conflict)
}

pub(super) async fn k17_replicas_race_as_callers_do(subject: SharedSubject<dyn TokenStore>) -> CheckResult {
    let replicas = [
        subject.store(),
        subject.replica().await?,
        subject.replica().await?,
    ];
    let record = record("evt_1");
    let version = created(&*replicas[0], &record).await?;
    let seen = loaded(&*replicas[1], &key("evt_1")).await?.version;
    same("the version that another replica sees", seen, version)?;

    let terms = ClaimTerms {
        version,
        now: NOW,
        until: end_of(NOW),
    };
    let claims = race(|caller| {
        let store = replicas[caller % replicas.len()].clone();
        async move { store.claim(&key("evt_1"), terms).await }
    })
    .await?;
    let granted = claims
        .iter()
        .filter(|answer| matches!(answer, ClaimOutcome::Granted { .. }))
        .count();
    same("how many claims were granted", granted, 1)?;

    let swaps = race(|caller| {
        let (store, record) = (replicas[caller % replicas.len()].clone(), marked(&record, caller));
        async move { store.compare_and_swap(version, &record, None).await }
    })
    .await?;
    let won = swaps
        .iter()
        .filter(|answer| matches!(answer, SwapOutcome::Swapped(_)))
        .count();
    same("how many swaps of one version won", won, 1)
}
