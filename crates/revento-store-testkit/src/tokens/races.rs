//! Checks of different calls for one record at once: none may undo what another one has reported.

use revento_store::{ClaimOutcome, ClaimTerms, SwapOutcome, TokenStore};

use super::sample::{NOW, claim, created, end_of, key, loaded, marked, record};
use crate::{
    check::SharedSubject,
    expect::{fail, same},
    race::{ROUNDS, race},
    subject::CheckResult,
};

/// A swap that writes back all that it has read would end a claim that was granted meanwhile.
pub(super) async fn k12_a_claim_outlives_swaps_at_once(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    for round in 0..ROUNDS {
        let event = format!("evt_{round}");
        let version = created(&*store, &record(&event)).await?;
        let terms = ClaimTerms {
            version,
            now: NOW,
            until: end_of(NOW),
        };
        let answers = race(|caller| {
            let (store, next) = (subject.store(), marked(&record(&event), caller));
            async move {
                if caller % 2 == 0 {
                    let claimed = store.claim(&next.connection.key, terms).await?;
                    return Ok((matches!(claimed, ClaimOutcome::Granted { .. }), false));
                }
                let swapped = store.compare_and_swap(version, &next, None).await?;
                Ok((false, swapped != SwapOutcome::Conflict))
            }
        })
        .await?;
        let granted = answers.iter().filter(|(granted, _)| *granted).count();
        let swapped = answers.iter().filter(|(_, swapped)| *swapped).count();
        same("how many swaps of one version have won", swapped, 1)?;
        if granted > 1 {
            return fail(format!(
                "{granted} simultaneous claims were granted, and at most one may be"
            ));
        }
        let now = loaded(&*store, &key(&event)).await?.version;
        let answer = claim(&*store, &key(&event), now, NOW).await?;
        let is_held = matches!(answer, ClaimOutcome::Held { .. });
        same(
            "whether the claim that was granted is still held",
            is_held,
            granted == 1,
        )?;
    }
    Ok(())
}

/// A swap that writes back all that it has read would bring the record back.
pub(super) async fn k4_a_removal_outlives_swaps_at_once(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    for round in 0..ROUNDS {
        let event = format!("evt_{round}");
        let version = created(&*store, &record(&event)).await?;
        race(|caller| {
            let (store, next) = (subject.store(), marked(&record(&event), caller));
            async move {
                if caller % 10 == 9 {
                    return store.remove(&next.connection.key).await;
                }
                store.compare_and_swap(version, &next, None).await.map(drop)
            }
        })
        .await?;
        same(
            "the record after it was removed",
            store.load(&key(&event)).await?,
            None,
        )?;
        let listed = store.of_client(&"clt_test".into(), None, 9).await?;
        same(
            "how many records are listed after it was removed",
            listed.len(),
            0,
        )?;
    }
    Ok(())
}
