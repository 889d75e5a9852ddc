//! Checks of claims: exclusion, expiry and release by the holder.

use revento_core::Timestamp;
use revento_store::{ClaimOutcome, Fence, TokenStore, Version};

use super::sample::{DAY, NOW, TICK, claim, created, doubted, end_of, granted, key, loaded, record, swapped};
use crate::{
    check::SharedSubject,
    expect::{fail, same},
    race::{ROUNDS, race},
    subject::CheckResult,
};

pub(super) async fn k12_a_claim_is_exclusive(subject: SharedSubject<dyn TokenStore>) -> CheckResult {
    let store = subject.store();
    let version = created(&*store, &record("evt_1")).await?;
    let (_, abandoned) = granted(&*store, &key("evt_1"), version, NOW).await?;
    same(
        "whether the first claim follows an abandoned one",
        abandoned,
        false,
    )?;
    for moment in [NOW, NOW.saturating_add(TICK), end_of(NOW).saturating_sub(TICK)] {
        let second = claim(&*store, &key("evt_1"), version, moment).await?;
        same(
            &format!("a second claim at {moment}"),
            second,
            ClaimOutcome::Held { until: end_of(NOW) },
        )?;
    }
    Ok(())
}

pub(super) async fn k12_of_many_claimants_one_wins(subject: SharedSubject<dyn TokenStore>) -> CheckResult {
    let version = created(&*subject.store(), &record("evt_1")).await?;
    for _ in 0..ROUNDS {
        let answers = race(|_| {
            let store = subject.store();
            let terms = revento_store::ClaimTerms {
                version,
                now: NOW,
                until: end_of(NOW),
            };
            async move { store.claim(&key("evt_1"), terms).await }
        })
        .await?;
        let fences: Vec<Fence> = answers
            .iter()
            .filter_map(|answer| match answer {
                ClaimOutcome::Granted { fence, .. } => Some(*fence),
                _ => None,
            })
            .collect();
        let &[fence] = fences.as_slice() else {
            return fail(format!(
                "exactly one claimant has to win, but {} did",
                fences.len()
            ));
        };
        for answer in answers
            .into_iter()
            .filter(|answer| !matches!(answer, ClaimOutcome::Granted { .. }))
        {
            same(
                "the answer to a loser",
                answer,
                ClaimOutcome::Held { until: end_of(NOW) },
            )?;
        }
        subject.store().release(&key("evt_1"), fence).await?;
    }
    Ok(())
}

/// Uses times far from today. A store that reads its own clock, or lets its engine expire claims, fails.
pub(super) async fn k12_a_claim_expires_by_the_callers_clock(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let clocks = [
        Timestamp::UNIX_EPOCH.saturating_sub(DAY),
        Timestamp::UNIX_EPOCH,
        NOW,
        NOW.saturating_add(DAY * 36_500),
    ];
    for (index, now) in clocks.into_iter().enumerate() {
        let key = key(&format!("evt_{index}"));
        let version = created(&*store, &record(&format!("evt_{index}"))).await?;
        granted(&*store, &key, version, now).await?;
        let just_before = end_of(now).saturating_sub(TICK);
        let held = claim(&*store, &key, version, just_before).await?;
        same(
            "a claim just before the first one ends",
            held,
            ClaimOutcome::Held { until: end_of(now) },
        )?;
        granted(&*store, &key, version, end_of(now)).await?;
        let back = claim(&*store, &key, version, now).await?;
        same(
            "a claim by a clock that is behind",
            back,
            ClaimOutcome::Held {
                until: end_of(end_of(now)),
            },
        )?;
    }
    Ok(())
}

pub(super) async fn k12_a_claim_needs_the_version_that_was_read(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let absent = claim(&*store, &key("evt_1"), Version(1), NOW).await?;
    same(
        "a claim on a record that does not exist",
        absent,
        ClaimOutcome::VersionChanged,
    )?;
    let first = created(&*store, &record("evt_1")).await?;
    let second = swapped(&*store, first, &doubted(&record("evt_1")), None).await?;
    for stale in [first, Version(0), Version(second.0 + 1)] {
        let answer = claim(&*store, &key("evt_1"), stale, NOW).await?;
        same(
            "a claim on a version that was replaced",
            answer,
            ClaimOutcome::VersionChanged,
        )?;
    }
    granted(&*store, &key("evt_1"), second, NOW).await?;
    let answer = claim(&*store, &key("evt_1"), first, NOW).await?;
    same(
        "a claim on a replaced version while the record is claimed",
        answer,
        ClaimOutcome::VersionChanged,
    )?;
    store.remove(&key("evt_1")).await?;
    let answer = claim(&*store, &key("evt_1"), second, NOW).await?;
    same(
        "a claim on a removed record",
        answer,
        ClaimOutcome::VersionChanged,
    )
}

pub(super) async fn k12_a_claim_leaves_the_record_alone(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let version = created(&*store, &record("evt_1")).await?;
    let before = loaded(&*store, &key("evt_1")).await?;
    let (fence, _) = granted(&*store, &key("evt_1"), version, NOW).await?;
    same(
        "the record under a claim",
        loaded(&*store, &key("evt_1")).await?,
        before.clone(),
    )?;
    store.release(&key("evt_1"), fence).await?;
    same(
        "the record after a release",
        loaded(&*store, &key("evt_1")).await?,
        before,
    )
}

pub(super) async fn k12_claims_on_different_keys_are_independent(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let mut user = record("evt_1");
    user.connection.key.user_id = Some("usr_1".into());
    for record in [record("evt_1"), record("evt_2"), user] {
        let version = created(&*store, &record).await?;
        let (_, abandoned) = granted(&*store, &record.connection.key, version, NOW).await?;
        same("whether an earlier claim was abandoned", abandoned, false)?;
    }
    Ok(())
}

pub(super) async fn k12_only_its_holder_releases_a_claim(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let version = created(&*store, &record("evt_1")).await?;
    created(&*store, &record("evt_2")).await?;
    store.release(&key("evt_3"), Fence(1)).await?;
    store.release(&key("evt_1"), Fence(1)).await?;

    let (late, _) = granted(&*store, &key("evt_1"), version, NOW).await?;
    let later = end_of(NOW);
    let (fence, _) = granted(&*store, &key("evt_1"), version, later).await?;
    for (whose, stranger) in [
        ("the claim before", late),
        ("no claim", Fence(0)),
        ("no claim", Fence(-1)),
        ("no claim yet", Fence(fence.0 + 1)),
    ] {
        store.release(&key("evt_1"), stranger).await?;
        let answer = claim(&*store, &key("evt_1"), version, later).await?;
        same(
            &format!("the claim with {fence:?} after a release with {stranger:?}, the fence of {whose}"),
            answer,
            ClaimOutcome::Held { until: end_of(later) },
        )?;
    }
    store.release(&key("evt_2"), fence).await?;
    let answer = claim(&*store, &key("evt_1"), version, later).await?;
    same(
        "the claim after a release of another key",
        answer,
        ClaimOutcome::Held { until: end_of(later) },
    )?;

    store.release(&key("evt_1"), fence).await?;
    store.release(&key("evt_1"), fence).await?;
    let (next, _) = granted(&*store, &key("evt_1"), version, later).await?;
    store.release(&key("evt_1"), fence).await?;
    let answer = claim(&*store, &key("evt_1"), version, later).await?;
    same(
        &format!(
            "the claim with {next:?} after a second release with {fence:?}, the fence of the claim before"
        ),
        answer,
        ClaimOutcome::Held { until: end_of(later) },
    )
}
