//! Checks that deliveries come back unchanged.

use revento_core::{EventType, Timestamp};
use revento_store::{
    BuriedDelivery, DeliveryState, InboxStore, InsertOutcome, LeasedDelivery, NewDelivery, Sealed,
};

use super::sample::{NOW, TICK, answered, delivery, insert_all, is, known, one};
use crate::{
    bytes::mixed,
    check::SharedSubject,
    expect::{Failures, fail, same},
    show::quoted,
    subject::CheckResult,
    texts,
};

pub(super) fn equal(what: &str, came: &LeasedDelivery, sent: &NewDelivery) -> CheckResult {
    let texts = [
        (
            "envelope id",
            came.lease.envelope_id.as_str(),
            sent.envelope_id.as_str(),
        ),
        (
            "delivery id",
            came.delivery_id.as_str(),
            sent.delivery_id.as_str(),
        ),
        ("type", came.event_type.as_str(), sent.event_type.as_str()),
    ];
    for (field, came, sent) in texts {
        texts::survives(&format!("the {field} of {what}"), Some(came), Some(sent))?;
    }
    same(
        &format!("when {what} happened and arrived"),
        (came.occurred_at, came.received_at),
        (sent.occurred_at, sent.received_at),
    )?;
    let (came, sent) = (came.body.as_bytes(), sent.body.as_bytes());
    same(&format!("the size of the body of {what}"), came.len(), sent.len())?;
    let first_other = came.iter().zip(sent).position(|(came, sent)| came != sent);
    same(
        &format!("where the body of {what} differs from what was stored"),
        first_other,
        None,
    )
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
    equal("the delivery", &leased, &delivery("1"))?;
    same("the attempt", leased.attempt, 1)?;
    is(&*store, "1", DeliveryState::Leased).await
}

/// In turn, for the times of deliveries.
const TIMES: [i64; 7] = [
    0,
    -1,
    2_147_483_648_000_001,
    -62_135_596_800_000_000,
    4_102_444_800_123_456,
    i64::MIN,
    i64::MAX,
];

/// A delivery with one text in every field.
fn odd_delivery(number: usize, text: &str) -> NewDelivery {
    let time = Timestamp::from_unix_micros(TIMES[number % TIMES.len()]);
    let all_bytes: Vec<u8> = (0..=u8::MAX).collect();
    NewDelivery {
        envelope_id: text.into(),
        delivery_id: text.into(),
        event_type: EventType::from(text),
        ordering_key: text.to_owned(),
        occurred_at: time,
        signed_at: time,
        received_at: time,
        body: Sealed::from_bytes(all_bytes.repeat(number % 3)),
        body_digest: [u8::try_from(number).unwrap_or_default(); 32],
    }
}

/// Leases a delivery, gives it back, leases it again and buries it.
async fn goes_in_and_out(store: &dyn InboxStore, new: &NewDelivery) -> CheckResult {
    let (text, time) = (new.ordering_key.as_str(), new.received_at);
    let what = format!("the delivery {}", quoted(text));
    insert_all(store, [new.clone()]).await?;
    let leased = one(store, time).await?;
    let came = equal(&what, &leased, new);
    let retried = store.retry(&leased.lease, time, text).await?;
    answered(&format!("giving {what} back"), retried, true)?;
    let later = time.saturating_add(TICK);
    let leased = one(store, later).await?;
    let buried = store.bury(&leased.lease, later, text).await?;
    answered(&format!("burying {what}"), buried, true)?;
    came?;
    equal(&what, &leased, new)?;
    let state = store.state(&new.envelope_id).await?;
    same(
        &format!("the state of {what}"),
        state,
        Some(DeliveryState::Buried),
    )
}

fn is_listed(listed: &[BuriedDelivery], new: &NewDelivery) -> CheckResult {
    let (text, time) = (new.ordering_key.as_str(), new.received_at);
    let Some(buried) = listed.iter().find(|one| one.envelope_id == new.envelope_id) else {
        return fail(format!("the buried delivery {} is not listed", quoted(text)));
    };
    let fields = [
        ("delivery id", buried.delivery_id.as_str()),
        ("type", buried.event_type.as_str()),
        ("error", buried.error.as_str()),
    ];
    let mut failures = Failures::new();
    for (field, came) in fields {
        let what = format!("the {field} of a buried delivery");
        failures.add(texts::survives(&what, Some(came), Some(text)));
    }
    failures.same(
        &format!(
            "when the buried delivery {} happened, arrived and was buried",
            quoted(text)
        ),
        (buried.occurred_at, buried.received_at, buried.buried_at),
        (time, time, time.saturating_add(TICK)),
    );
    failures.end()
}

pub(super) async fn k8_odd_deliveries_survive(subject: SharedSubject<dyn InboxStore>) -> CheckResult {
    let store = subject.store();
    let mut failures = Failures::new();
    for (number, text) in texts::ODD.iter().enumerate() {
        failures.add(goes_in_and_out(&*store, &odd_delivery(number, text)).await);
    }
    failures.same("when the next is due", store.next_due().await?, None);
    let listed = store.buried(None, usize::MAX).await?;
    failures.same("how many are listed", listed.len(), texts::ODD.len());
    for (number, text) in texts::ODD.iter().enumerate() {
        failures.add(is_listed(&listed, &odd_delivery(number, text)));
    }
    failures.end()
}

/// A body of the size that verifiers accept, sealed, and texts longer than usual columns.
pub(super) async fn k8_large_deliveries_survive(subject: SharedSubject<dyn InboxStore>) -> CheckResult {
    const SEALED_MEBIBYTE: usize = (1 << 20) + 100;
    let store = subject.store();
    let sizes = [0, 255, 256, 65_535, 65_536, SEALED_MEBIBYTE];
    for (number, size) in sizes.into_iter().enumerate() {
        let text = &texts::long()[number % 2];
        let new = NewDelivery {
            event_type: EventType::from(text.as_str()),
            ordering_key: text.clone(),
            body: Sealed::from_bytes(mixed(7, size)),
            ..delivery(&number.to_string())
        };
        insert_all(&*store, [new.clone()]).await?;
        let leased = one(&*store, NOW).await?;
        let what = format!("a delivery with {size} bytes");
        equal(&what, &leased, &new)?;
        let buried = store.bury(&leased.lease, NOW, text).await?;
        answered(&format!("burying {what}"), buried, true)?;
        // The last of those that were buried at this time.
        let listed = store.buried(None, 1).await?;
        let error = listed.first().map(|buried| buried.error.as_str());
        texts::survives("the error of a buried delivery", error, Some(text))?;
    }
    Ok(())
}

/// The store compares digests, and nobody reads them.
pub(super) async fn q11_every_bit_of_the_digest_counts(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    // With a NUL, a blank and a letter at either end, as columns for texts would alter them.
    let digests = [[0; 32], [b' '; 32], [b'a'; 32], [0xFF; 32]];
    for (number, digest) in digests.into_iter().enumerate() {
        let new = NewDelivery {
            body_digest: digest,
            ..delivery(&number.to_string())
        };
        insert_all(&*store, [new.clone()]).await?;
        same("a retry", store.insert(&new).await?, known(DeliveryState::Queued))?;
        for (place, bit) in [(0, 0x01), (0, 0x20), (15, 0x80), (31, 0x01), (31, 0x20)] {
            let mut other = new.clone();
            other.body_digest[place] ^= bit;
            let expected = InsertOutcome::Known {
                state: DeliveryState::Queued,
                other_body: true,
            };
            same(
                &format!("a retry whose digest differs in byte {place} of {digest:02x?}"),
                store.insert(&other).await?,
                expected,
            )?;
        }
    }
    Ok(())
}
