//! Checks of ids that no index entry can hold.

use revento_store::{
    BuriedCursor, DeliveryState, InboxStore, InsertOutcome, NewDelivery, RequeueAttempts, RequeueOutcome,
};

use super::sample::{NOW, delivery, known, leases, minutes, one};
use crate::{
    check::SharedSubject,
    expect::{same, same_list},
    long,
    subject::CheckResult,
};

/// A delivery all of whose ids are long.
fn with_ids(id: &str) -> NewDelivery {
    NewDelivery {
        envelope_id: id.into(),
        delivery_id: id.into(),
        ordering_key: id.to_owned(),
        ..delivery("1")
    }
}

pub(super) async fn h25_ids_of_any_length_are_kept_and_listed(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    let new = |delivery_id_reused| InsertOutcome::New { delivery_id_reused };
    for id in long::ids() {
        let what = long::name(&id);
        let delivery = with_ids(&id);
        same(&what, store.insert(&delivery).await?, new(false))?;
        same(
            &what,
            store.insert(&delivery).await?,
            known(DeliveryState::Queued),
        )?;
        let other = NewDelivery {
            envelope_id: format!("{id} other").as_str().into(),
            ..delivery.clone()
        };
        same(
            &format!("{what} in another envelope"),
            store.insert(&other).await?,
            new(true),
        )?;
        let leased = one(&*store, NOW).await?;
        same(&what, &leased.lease.envelope_id, &delivery.envelope_id)?;
        same(&what, &leased.delivery_id, &delivery.delivery_id)?;
        leases(&*store, "while one of its ordering key is handled", NOW, &[]).await?;
        same(
            "burying it",
            store.bury(&leased.lease, minutes(1), "it failed").await?,
            true,
        )?;
        let leased = one(&*store, NOW).await?;
        same(&what, &leased.lease.envelope_id, &other.envelope_id)?;
        same("completing it", store.complete(&leased.lease, NOW).await?, true)?;
        same(
            &what,
            store.state(&other.envelope_id).await?,
            Some(DeliveryState::Done),
        )?;
    }
    // In pages of one, each delivery is on exactly one page, whatever the order is.
    let mut listed = Vec::new();
    let mut cursor = None;
    while let [buried] = store.buried(cursor.as_ref(), 1).await?.as_slice() {
        cursor = Some(BuriedCursor::of(buried));
        listed.push(buried.envelope_id.to_string());
        if listed.len() > 4 {
            break;
        }
    }
    listed.sort();
    let mut wanted = long::ids();
    wanted.sort();
    same_list("the buried deliveries", &listed, &wanted)?;
    for id in long::ids() {
        let requeued = store
            .requeue(&id.as_str().into(), NOW, RequeueAttempts::Full)
            .await?;
        same("a requeue", requeued, RequeueOutcome::Requeued)?;
    }
    Ok(())
}
