//! Checks of abandoned claims: a claim that expired without a release or a fenced swap.

use revento_store::TokenStore;

use super::sample::{NOW, created, doubted, end_of, granted, key, marked, record, renewed, swapped};
use crate::{check::SharedSubject, expect::same, subject::CheckResult};

pub(super) async fn t1_an_expired_claim_is_reported_as_abandoned(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let version = created(&*store, &record("evt_1")).await?;
    granted(&*store, &key("evt_1"), version, NOW).await?;
    let mut now = NOW;
    for _ in 0..3 {
        now = end_of(now);
        let (_, abandoned) = granted(&*store, &key("evt_1"), version, now).await?;
        same("whether the claim before was abandoned", abandoned, true)?;
    }
    Ok(())
}

pub(super) async fn t1_what_ended_in_order_is_not_abandoned(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let record = record("evt_1");
    let version = created(&*store, &record).await?;
    let (fence, _) = granted(&*store, &key("evt_1"), version, NOW).await?;
    store.release(&key("evt_1"), fence).await?;
    let (fence, abandoned) = granted(&*store, &key("evt_1"), version, end_of(NOW)).await?;
    same(
        "whether a claim after a release follows an abandoned one",
        abandoned,
        false,
    )?;

    let version = swapped(&*store, version, &renewed(&record), Some(fence)).await?;
    let (fence, abandoned) = granted(&*store, &key("evt_1"), version, NOW).await?;
    same(
        "whether a claim after a fenced swap follows an abandoned one",
        abandoned,
        false,
    )?;

    // The second holder knows that the first claim was abandoned, and stores the status in doubt.
    let (fence, abandoned) = {
        let (second, abandoned) = granted(&*store, &key("evt_1"), version, end_of(NOW)).await?;
        same(
            "whether a claim after an expired one follows an abandoned one",
            abandoned,
            true,
        )?;
        store.release(&key("evt_1"), fence).await?;
        let version = swapped(&*store, version, &doubted(&renewed(&record)), Some(second)).await?;
        granted(&*store, &key("evt_1"), version, end_of(NOW)).await?
    };
    same(
        "whether a claim counts as abandoned after the fenced swap of a holder that knew of it",
        abandoned,
        false,
    )?;
    store.release(&key("evt_1"), fence).await?;
    Ok(())
}

pub(super) async fn t1_a_successors_release_does_not_hide_it(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let version = created(&*store, &record("evt_1")).await?;
    let (first, _) = granted(&*store, &key("evt_1"), version, NOW).await?;
    let (second, _) = granted(&*store, &key("evt_1"), version, end_of(NOW)).await?;
    store.release(&key("evt_1"), second).await?;
    let (third, abandoned) = granted(&*store, &key("evt_1"), version, end_of(NOW)).await?;
    same(
        "whether an abandoned claim is still reported after its successor was released",
        abandoned,
        true,
    )?;
    store.release(&key("evt_1"), first).await?;
    store.release(&key("evt_1"), third).await?;
    let (_, abandoned) = granted(&*store, &key("evt_1"), version, end_of(NOW)).await?;
    same(
        "whether an abandoned claim is still reported after its holder released it too late",
        abandoned,
        true,
    )
}

pub(super) async fn t1_an_unfenced_swap_does_not_hide_it(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let record = record("evt_1");
    let version = created(&*store, &record).await?;
    granted(&*store, &key("evt_1"), version, NOW).await?;
    let version = swapped(&*store, version, &marked(&record, 2), None).await?;
    let (fence, abandoned) = granted(&*store, &key("evt_1"), version, end_of(NOW)).await?;
    same(
        "whether an abandoned claim is reported after an unfenced swap before it expired",
        abandoned,
        true,
    )?;
    store.release(&key("evt_1"), fence).await?;
    let version = swapped(&*store, version, &record, None).await?;
    let (_, abandoned) = granted(&*store, &key("evt_1"), version, end_of(NOW)).await?;
    same(
        "whether an abandoned claim is still reported after an unfenced swap",
        abandoned,
        true,
    )
}
