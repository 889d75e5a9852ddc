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
    same("a claim after a release", abandoned, false)?;

    let version = swapped(&*store, version, &renewed(&record), Some(fence)).await?;
    let (fence, abandoned) = granted(&*store, &key("evt_1"), version, NOW).await?;
    same("a claim after a fenced swap", abandoned, false)?;

    // The second holder knows that the first claim was abandoned, and stores the status in doubt.
    let (fence, abandoned) = {
        let (second, abandoned) = granted(&*store, &key("evt_1"), version, end_of(NOW)).await?;
        same("a claim after an expired one", abandoned, true)?;
        store.release(&key("evt_1"), fence).await?;
        let version = swapped(&*store, version, &doubted(&renewed(&record)), Some(second)).await?;
        granted(&*store, &key("evt_1"), version, end_of(NOW)).await?
    };
    same(
        "a claim after the fenced swap of a holder that knew of the abandoned claim",
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
    same("a claim after a successor gave its own back", abandoned, true)?;
    store.release(&key("evt_1"), first).await?;
    store.release(&key("evt_1"), third).await?;
    let (_, abandoned) = granted(&*store, &key("evt_1"), version, end_of(NOW)).await?;
    same(
        "a claim after the first holder's release came too late",
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
        "a claim after one that ran out and a swap that knew nothing of it",
        abandoned,
        true,
    )?;
    store.release(&key("evt_1"), fence).await?;
    let version = swapped(&*store, version, &record, None).await?;
    let (_, abandoned) = granted(&*store, &key("evt_1"), version, end_of(NOW)).await?;
    same("the same once more", abandoned, true)
}
