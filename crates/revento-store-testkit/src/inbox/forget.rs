//! Checks of forgetting handled deliveries.

use revento_store::{DeliveryState, InboxStore, InsertOutcome};

use super::sample::{NOW, answered, delivery, insert_all, is, minutes, one, ordered};
use crate::{check::SharedSubject, expect::same, subject::CheckResult};

pub(super) async fn q12_only_what_was_handled_long_ago_is_forgotten(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    same(
        "how many an empty inbox forgets",
        store.forget(minutes(100)).await?,
        0,
    )?;
    insert_all(&*store, ["1", "6", "2", "3", "4", "5"].map(delivery)).await?;
    for minute in [1, 1, 2] {
        let leased = one(&*store, NOW).await?;
        store.complete(&leased.lease, minutes(minute)).await?;
    }
    let buried = one(&*store, NOW).await?;
    store.bury(&buried.lease, NOW, "failed").await?;
    one(&*store, NOW).await?;

    same(
        "how many were handled before the first was",
        store.forget(minutes(1)).await?,
        0,
    )?;
    same(
        "how many were handled before the second was",
        store.forget(minutes(2)).await?,
        2,
    )?;
    for id in ["env_1", "env_6"] {
        same(
            "the state of a forgotten delivery",
            store.state(&id.into()).await?,
            None,
        )?;
    }
    is(&*store, "2", DeliveryState::Done).await?;
    same(
        "how many are left to forget",
        store.forget(minutes(100_000)).await?,
        1,
    )?;
    is(&*store, "3", DeliveryState::Buried).await?;
    is(&*store, "4", DeliveryState::Leased).await?;
    is(&*store, "5", DeliveryState::Queued).await?;
    let again = store.insert(&delivery("1")).await?;
    same(
        "a delivery that was forgotten, identities and all",
        again,
        InsertOutcome::New {
            delivery_id_reused: false,
        },
    )
}

pub(super) async fn q3_a_lease_from_before_the_forgetting_counts_no_more(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    insert_all(&*store, [ordered("1", "app_1")]).await?;
    let paused = one(&*store, NOW).await?.lease;
    store.complete(&paused, NOW).await?;
    store.forget(minutes(1)).await?;
    insert_all(&*store, [ordered("1", "app_1")]).await?;
    let leased = one(&*store, NOW).await?;
    same("the attempt", leased.attempt, 1)?;
    answered(
        "completing with the old lease",
        store.complete(&paused, NOW).await?,
        false,
    )?;
    answered(
        "completing with the new one",
        store.complete(&leased.lease, NOW).await?,
        true,
    )
}
