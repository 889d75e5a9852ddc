//! Checks of swaps with and without a claim's fence.

use revento_store::{ClaimOutcome, Fence, SwapOutcome, TokenStore, Version};

use super::sample::{
    NOW, claim, created, doubted, end_of, granted, key, loaded, marked, record, renewed, swapped,
};
use crate::{
    check::SharedSubject,
    expect::{holds, same},
    subject::CheckResult,
};

async fn refused(store: &dyn TokenStore, what: &str, version: Version, fence: Fence) -> CheckResult {
    let before = loaded(store, &key("evt_1")).await?;
    let answer = store
        .compare_and_swap(version, &renewed(&record("evt_1")), Some(fence))
        .await?;
    same(what, answer, SwapOutcome::Conflict)?;
    same("the record after it", loaded(store, &key("evt_1")).await?, before)
}

pub(super) async fn k12_a_fenced_swap_needs_the_latest_claim(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let record = record("evt_1");
    let version = created(&*store, &record).await?;
    refused(
        &*store,
        "a fenced swap where nothing was ever claimed",
        version,
        Fence(1),
    )
    .await?;

    let (first, _) = granted(&*store, &key("evt_1"), version, NOW).await?;
    refused(
        &*store,
        "a swap with a fence of the future",
        version,
        Fence(first.0 + 1),
    )
    .await?;
    store.release(&key("evt_1"), first).await?;
    refused(&*store, "a swap with a claim that was released", version, first).await?;

    let (second, _) = granted(&*store, &key("evt_1"), version, NOW).await?;
    refused(&*store, "a swap with the claim before the latest", version, first).await?;
    let (third, _) = granted(&*store, &key("evt_1"), version, end_of(NOW)).await?;
    refused(
        &*store,
        "a swap with a claim that ran out and was taken over",
        version,
        second,
    )
    .await?;
    refused(
        &*store,
        "a swap with the latest claim and a stale version",
        Version(version.0 - 1),
        third,
    )
    .await?;
    let answer = claim(&*store, &key("evt_1"), version, end_of(NOW)).await?;
    same(
        "the claim after all those swaps",
        answer,
        ClaimOutcome::Held {
            until: end_of(end_of(NOW)),
        },
    )?;
    swapped(&*store, version, &renewed(&record), Some(third)).await?;
    Ok(())
}

pub(super) async fn k12_a_fenced_swap_ends_the_claim(subject: SharedSubject<dyn TokenStore>) -> CheckResult {
    let store = subject.store();
    let record = record("evt_1");
    let version = created(&*store, &record).await?;
    let (first, _) = granted(&*store, &key("evt_1"), version, NOW).await?;
    let version = swapped(&*store, version, &doubted(&record), Some(first)).await?;
    refused(&*store, "a second swap with the same fence", version, first).await?;
    let (second, abandoned) = granted(&*store, &key("evt_1"), version, NOW).await?;
    same(
        "whether the claim that the swap ended counts as abandoned",
        abandoned,
        false,
    )?;

    // Expired, but nobody has taken over: the holder may still store what it got.
    let late = renewed(&record);
    let version = swapped(&*store, version, &late, Some(second)).await?;
    same("the record", loaded(&*store, &key("evt_1")).await?.record, late)?;
    granted(&*store, &key("evt_1"), version, NOW).await?;
    Ok(())
}

pub(super) async fn k12_an_unfenced_swap_leaves_a_claim(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let record = record("evt_1");
    let first = created(&*store, &record).await?;
    let (fence, _) = granted(&*store, &key("evt_1"), first, NOW).await?;
    let second = swapped(&*store, first, &marked(&record, 2), None).await?;
    let answer = claim(&*store, &key("evt_1"), second, NOW).await?;
    same(
        "the claim after an unfenced swap",
        answer,
        ClaimOutcome::Held { until: end_of(NOW) },
    )?;
    refused(&*store, "a fenced swap of the version before it", first, fence).await?;
    swapped(&*store, second, &renewed(&record), Some(fence)).await?;
    Ok(())
}

pub(super) async fn k12_a_new_generation_ends_every_claim(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let record = record("evt_1");
    let mut version = created(&*store, &record).await?;
    let back = record.clone();
    for next in [renewed(&record), back, renewed(&renewed(&record))] {
        let (abandoned_one, _) = granted(&*store, &key("evt_1"), version, NOW).await?;
        let (fence, _) = granted(&*store, &key("evt_1"), version, end_of(NOW)).await?;
        version = swapped(&*store, version, &next, None).await?;
        refused(
            &*store,
            "a swap with a claim on the generation before",
            version,
            fence,
        )
        .await?;
        refused(&*store, "a swap with an older claim", version, abandoned_one).await?;
        store.release(&key("evt_1"), fence).await?;
        let (fence, abandoned) = granted(&*store, &key("evt_1"), version, NOW).await?;
        same(
            "whether a claim on the generation before counts as abandoned",
            abandoned,
            false,
        )?;
        store.release(&key("evt_1"), fence).await?;
    }
    Ok(())
}

pub(super) async fn k12_fences_grow_also_over_a_removal(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let record = record("evt_1");
    let mut last: Option<Fence> = None;
    for _ in 0..3 {
        let version = created(&*store, &record).await?;
        if let Some(before) = last {
            refused(
                &*store,
                "a swap with a claim from before the removal",
                version,
                before,
            )
            .await?;
        }
        for now in [NOW, end_of(NOW), end_of(end_of(NOW))] {
            let (fence, abandoned) = granted(&*store, &key("evt_1"), version, now).await?;
            holds(
                "each claim has a higher fence than all before it",
                last < Some(fence),
            )?;
            same("whether an earlier claim was abandoned", abandoned, now != NOW)?;
            if let Some(before) = last {
                store.release(&key("evt_1"), before).await?;
                refused(&*store, "a swap with an earlier fence", version, before).await?;
            }
            last = Some(fence);
        }
        store.remove(&key("evt_1")).await?;
    }
    Ok(())
}
