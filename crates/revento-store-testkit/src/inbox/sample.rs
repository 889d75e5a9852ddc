//! Deliveries for the checks, and steps that several checks share.

use std::time::Duration;

use revento_core::{EventType, Timestamp};
use revento_store::{DeliveryState, InboxStore, InsertOutcome, LeasedDelivery, NewDelivery, Sealed};

use crate::{
    expect::{NotPassed, fail, same},
    show,
};

/// 2026-05-09T14:22:31.000001Z; no store may compare it with its own clock.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_micros(1_778_336_551_000_001);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const TICK: Duration = Duration::from_micros(1);

/// A delivery without an ordering key, received at [`NOW`].
pub(crate) fn delivery(id: &str) -> NewDelivery {
    NewDelivery {
        envelope_id: format!("env_{id}").into(),
        delivery_id: format!("dlv_{id}").into(),
        event_type: EventType::ApplicationApproved,
        ordering_key: String::new(),
        occurred_at: NOW.saturating_sub(MINUTE),
        signed_at: NOW,
        received_at: NOW,
        body: Sealed::from_bytes(format!("sealed {id}").into_bytes()),
        body_digest: digest(id),
    }
}

/// Not a real digest; a store does not interpret it.
pub(crate) fn digest(id: &str) -> [u8; 32] {
    let mut digest = [0xFE; 32];
    let text = format!("digest {id}");
    for (place, byte) in digest.iter_mut().zip(text.bytes()) {
        *place = byte;
    }
    digest
}

/// The outcome of inserting a retry.
pub(crate) fn known(state: DeliveryState) -> InsertOutcome {
    let other_body = false;
    InsertOutcome::Known { state, other_body }
}

/// The outcome of inserting a replay.
pub(crate) const REQUEUED: InsertOutcome = InsertOutcome::Requeued { other_body: false };

/// A delivery that was signed and received at this time.
pub(crate) fn at(id: &str, received_at: Timestamp) -> NewDelivery {
    NewDelivery {
        signed_at: received_at,
        received_at,
        ..delivery(id)
    }
}

pub(crate) fn ordered(id: &str, key: &str) -> NewDelivery {
    NewDelivery {
        ordering_key: key.to_owned(),
        ..delivery(id)
    }
}

pub(crate) fn minutes(count: u32) -> Timestamp {
    NOW.saturating_add(MINUTE * count)
}

/// Inserts deliveries, and fails unless each is new and has a new delivery id.
pub(crate) async fn insert_all(
    store: &dyn InboxStore,
    deliveries: impl IntoIterator<Item = NewDelivery>,
) -> Result<(), NotPassed> {
    for delivery in deliveries {
        let received = store.insert(&delivery).await?;
        let what = format!("the insert of {}", show::quoted(delivery.envelope_id.as_str()));
        same(
            &what,
            received,
            InsertOutcome::New {
                delivery_id_reused: false,
            },
        )?;
    }
    Ok(())
}

/// Leases deliveries for one minute.
pub(crate) async fn lease(
    store: &dyn InboxStore,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<LeasedDelivery>, NotPassed> {
    Ok(store.lease(now, now.saturating_add(MINUTE), limit).await?)
}

/// Leases one delivery, and fails if none can be leased.
pub(crate) async fn one(store: &dyn InboxStore, now: Timestamp) -> Result<LeasedDelivery, NotPassed> {
    match lease(store, now, 1).await?.pop() {
        Some(delivery) => Ok(delivery),
        None => fail(format!("no delivery could be leased at {now}")),
    }
}

/// Leases deliveries, and fails unless they have these ids in this order.
pub(crate) async fn leases(
    store: &dyn InboxStore,
    what: &str,
    now: Timestamp,
    ids: &[&str],
) -> Result<Vec<LeasedDelivery>, NotPassed> {
    let leased = lease(store, now, 100).await?;
    let came: Vec<String> = leased
        .iter()
        .map(|delivery| delivery.lease.envelope_id.to_string())
        .collect();
    same(what, came, ids.iter().map(|id| format!("env_{id}")).collect())?;
    Ok(leased)
}

pub(crate) async fn is(store: &dyn InboxStore, id: &str, state: DeliveryState) -> Result<(), NotPassed> {
    let came = store.state(&format!("env_{id}").into()).await?;
    same(&format!("the state of env_{id}"), came, Some(state))
}

/// Fails unless the store returned the expected answer.
pub(crate) fn answered(what: &str, came: bool, expected: bool) -> Result<(), NotPassed> {
    same(&format!("the answer to {what}"), came, expected)
}

/// Inserts a delivery and buries it at the first attempt.
pub(crate) async fn bury(
    store: &dyn InboxStore,
    delivery: NewDelivery,
    now: Timestamp,
) -> Result<(), NotPassed> {
    insert_all(store, [delivery]).await?;
    let leased = one(store, now).await?;
    let buried = store.bury(&leased.lease, now, "no such table").await?;
    answered("burying it", buried, true)
}
