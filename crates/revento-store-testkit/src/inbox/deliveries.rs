//! Checks that deliveries come back unchanged.

use revento_core::{EventType, Timestamp};
use revento_store::{DeliveryState, InboxStore, LeasedDelivery, NewDelivery, Sealed};

use super::sample::{NOW, TICK, answered, delivery, insert_all, is, lease, one};
use crate::{check::SharedSubject, expect::same, subject::CheckResult};

fn equal(came: &LeasedDelivery, expected: &NewDelivery) -> CheckResult {
    same("the envelope id", &came.lease.envelope_id, &expected.envelope_id)?;
    same("the delivery id", &came.delivery_id, &expected.delivery_id)?;
    same("the type", &came.event_type, &expected.event_type)?;
    same("when it happened", came.occurred_at, expected.occurred_at)?;
    same("when it arrived", came.received_at, expected.received_at)?;
    same("the sealed body", came.body.as_bytes(), expected.body.as_bytes())
}

pub(super) async fn q1_a_delivery_comes_out_as_it_went_in(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    same(
        "the state of an unknown delivery",
        store.state(&"env_1".into()).await?,
        None,
    )?;
    insert_all(&*store, [delivery("1")]).await?;
    is(&*store, "1", DeliveryState::Queued).await?;
    let leased = one(&*store, NOW).await?;
    equal(&leased, &delivery("1"))?;
    same("the attempt", leased.attempt, 1)?;
    is(&*store, "1", DeliveryState::Leased).await
}

pub(super) async fn k8_odd_deliveries_survive(subject: SharedSubject<dyn InboxStore>) -> CheckResult {
    let store = subject.store();
    let long = "l".repeat(1000);
    let odd = [
        "", " ", "a", "A", "a ", "a\0", "a\0b", "a/b", "%", "_", "*", "'", "\"", "\\", "a\nb", "a:b", "é",
        "e\u{301}", "🎟", &long,
    ];
    let times = [
        0,
        -1,
        2_147_483_648_000_001,
        -62_135_596_800_000_000,
        4_102_444_800_123_456,
    ];
    for (index, odd) in odd.into_iter().enumerate() {
        let time = Timestamp::from_unix_micros(times[index % times.len()]);
        let new = NewDelivery {
            envelope_id: odd.into(),
            delivery_id: odd.into(),
            event_type: EventType::from(odd),
            ordering_key: odd.to_owned(),
            occurred_at: time,
            signed_at: time,
            received_at: time,
            body: Sealed::from_bytes((0..=u8::MAX).cycle().take(index * 10_000).collect::<Vec<_>>()),
            body_digest: [u8::try_from(index).unwrap_or_default(); 32],
        };
        insert_all(&*store, [new.clone()]).await?;
        let leased = one(&*store, time).await?;
        equal(&leased, &new)?;
        answered(
            "giving it back",
            store.retry(&leased.lease, time, odd).await?,
            true,
        )?;
        let leased = one(&*store, time.saturating_add(TICK)).await?;
        equal(&leased, &new)?;
        answered("completing it", store.complete(&leased.lease, time).await?, true)?;
        same(
            "its state",
            store.state(&new.envelope_id).await?,
            Some(DeliveryState::Done),
        )?;
    }
    same(
        "the remaining deliveries",
        lease(&*store, Timestamp::MAX.saturating_sub(super::sample::MINUTE), 10)
            .await?
            .len(),
        0,
    )
}
