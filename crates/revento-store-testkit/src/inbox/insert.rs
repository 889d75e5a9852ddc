//! Checks of inserting and deduplication.

use revento_store::{DeliveryState, InboxStore, InsertOutcome, NewDelivery, Sealed};

use super::sample::{
    NOW, REQUEUED, TICK, at, bury, delivery, digest, insert_all, is, known, leases, minutes, one,
};
use crate::{
    check::SharedSubject,
    expect::same,
    race::{ROUNDS, race},
    subject::CheckResult,
};

pub(super) async fn q1_an_envelope_is_queued_once(subject: SharedSubject<dyn InboxStore>) -> CheckResult {
    let store = subject.store();
    insert_all(&*store, [delivery("1")]).await?;
    // The envelope id decides, whatever else comes with it.
    let again = NewDelivery {
        delivery_id: "dlv_other".into(),
        body: Sealed::from_bytes(*b"other"),
        ..at("1", minutes(1))
    };
    for retry in [delivery("1"), again] {
        same(
            "a retry",
            store.insert(&retry).await?,
            known(DeliveryState::Queued),
        )?;
    }
    let leased = one(&*store, NOW).await?;
    same("the body", leased.body.as_bytes(), b"sealed 1".as_slice())?;
    let received = store.insert(&delivery("1")).await?;
    same(
        "a retry while it is handled",
        received,
        known(DeliveryState::Leased),
    )?;
    leases(&*store, "a second lease", NOW, &[]).await?;
    store.complete(&leased.lease, NOW).await?;
    let received = store.insert(&at("1", minutes(5))).await?;
    same(
        "a retry after it was handled",
        received,
        known(DeliveryState::Done),
    )?;
    leases(&*store, "a lease after it was handled", minutes(9), &[]).await?;
    Ok(())
}

pub(super) async fn q1_of_many_simultaneous_inserts_one_is_new(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    for round in 0..ROUNDS {
        let id = round.to_string();
        let answers = race(|_| {
            let (store, delivery) = (subject.store(), delivery(&id));
            async move { store.insert(&delivery).await }
        })
        .await?;
        let new = answers
            .iter()
            .filter(|answer| matches!(answer, InsertOutcome::New { .. }))
            .count();
        same("how many inserts were new", new, 1)?;
        let store = subject.store();
        let leased = leases(&*store, "the queued deliveries", NOW, &[&id]).await?;
        for delivery in leased {
            store.complete(&delivery.lease, NOW).await?;
        }
    }
    Ok(())
}

pub(super) async fn q9_a_buried_delivery_is_queued_again(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    bury(&*store, delivery("2"), minutes(1)).await?;
    insert_all(&*store, [delivery("1")]).await?;
    for now in [NOW, minutes(2)] {
        let leased = one(&*store, now).await?;
        same("the attempt", leased.attempt, 1)?;
        store.bury(&leased.lease, minutes(1), "it failed").await?;
        same("a replay", store.insert(&at("1", minutes(2))).await?, REQUEUED)?;
        is(&*store, "1", DeliveryState::Queued).await?;
        is(&*store, "2", DeliveryState::Buried).await?;
        let before = minutes(2).saturating_sub(TICK);
        leases(&*store, "just before the replay arrived", before, &[]).await?;
        let received = store.insert(&at("1", minutes(2))).await?;
        same(
            "a replay of a delivery that is queued again",
            received,
            known(DeliveryState::Queued),
        )?;
    }
    Ok(())
}

/// Whoever has captured a delivery cannot make a failing handler run again.
pub(super) async fn h8_an_attempt_signed_before_the_burial_queues_nothing(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    bury(&*store, delivery("1"), minutes(2)).await?;
    let signed = |signed_at| NewDelivery {
        signed_at,
        delivery_id: "dlv_other".into(),
        ..at("1", minutes(3))
    };
    let refused = async |what: &str, delivery: &NewDelivery, other_body| {
        let state = DeliveryState::Buried;
        let expected = InsertOutcome::Known { state, other_body };
        same(what, store.insert(delivery).await?, expected)?;
        is(&*store, "1", state).await?;
        leases(&*store, "a lease much later", minutes(100_000), &[]).await
    };
    let at_burial = signed(minutes(2));
    refused("the first attempt once more", &signed(NOW), false).await?;
    refused("an attempt that was signed when it was buried", &at_burial, false).await?;
    let other = NewDelivery {
        body_digest: digest("other"),
        ..at_burial.clone()
    };
    refused("such an attempt with another body", &other, true).await?;
    same("how many were expunged", store.expunge(minutes(3)).await?, 1)?;
    refused("such an attempt after the body was expunged", &at_burial, false).await?;
    let later = signed(minutes(2).saturating_add(TICK));
    same(
        "an attempt that was signed later",
        store.insert(&later).await?,
        REQUEUED,
    )?;
    leases(&*store, "the queued deliveries", minutes(3), &["1"]).await?;
    Ok(())
}

pub(super) async fn q11_a_reused_delivery_id_is_reported_and_loses_nothing(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    insert_all(&*store, [delivery("1")]).await?;
    let reused = NewDelivery {
        delivery_id: "dlv_1".into(),
        ..delivery("2")
    };
    let received = store.insert(&reused).await?;
    same(
        "another envelope under the same delivery id",
        received,
        InsertOutcome::New {
            delivery_id_reused: true,
        },
    )?;
    let received = store.insert(&reused).await?;
    same("the same once more", received, known(DeliveryState::Queued))?;
    let leased = leases(&*store, "the queued deliveries", NOW, &["1", "2"]).await?;
    // It stays known in every state.
    for (index, delivery) in leased.iter().enumerate() {
        match index {
            0 => store.complete(&delivery.lease, NOW).await?,
            _ => store.bury(&delivery.lease, NOW, "it failed").await?,
        };
    }
    let reused = NewDelivery {
        delivery_id: "dlv_1".into(),
        ..delivery("3")
    };
    same(
        "a third envelope under the same delivery id, when the others are done and buried",
        store.insert(&reused).await?,
        InsertOutcome::New {
            delivery_id_reused: true,
        },
    )
}

pub(super) async fn q11_another_body_under_a_known_identity_is_reported(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    let other = |now| NewDelivery {
        body: Sealed::from_bytes(*b"sealed other"),
        body_digest: digest("other"),
        ..at("1", now)
    };
    let told = async |state: DeliveryState| {
        let other_body = true;
        let expected = InsertOutcome::Known { state, other_body };
        let what = format!("another body for a delivery in the state {state:?}");
        same(&what, store.insert(&other(minutes(1))).await?, expected)?;
        let retry = store.insert(&at("1", minutes(1))).await?;
        same("a retry of the first body", retry, known(state))
    };
    insert_all(&*store, [delivery("1")]).await?;
    told(DeliveryState::Queued).await?;
    let leased = one(&*store, NOW).await?;
    same("the body", leased.body.as_bytes(), b"sealed 1".as_slice())?;
    told(DeliveryState::Leased).await?;

    // A replay is handled whatever it brings.
    store.bury(&leased.lease, minutes(1), "it failed").await?;
    let other_body = true;
    let requeued = store.insert(&other(minutes(2))).await?;
    same(
        "a replay with another body",
        requeued,
        InsertOutcome::Requeued { other_body },
    )?;
    let retry = store.insert(&other(minutes(3))).await?;
    same("a retry of that body", retry, known(DeliveryState::Queued))?;
    let leased = one(&*store, minutes(3)).await?;
    same("the body", leased.body.as_bytes(), b"sealed other".as_slice())?;
    store.bury(&leased.lease, minutes(4), "it failed").await?;
    let requeued = store.insert(&at("1", minutes(5))).await?;
    same(
        "a replay with the first body",
        requeued,
        InsertOutcome::Requeued { other_body },
    )?;
    let leased = one(&*store, minutes(5)).await?;
    store.complete(&leased.lease, minutes(5)).await?;
    told(DeliveryState::Done).await?;

    // Digests are bytes, and not texts.
    let with_digest = |last: &[u8]| {
        let mut body_digest = [0; 32];
        body_digest[..last.len()].copy_from_slice(last);
        NewDelivery {
            body_digest,
            ..delivery("2")
        }
    };
    insert_all(&*store, [with_digest(b"a")]).await?;
    for (last, other_body) in [(&b"a"[..], false), (b"A", true), (b"a ", true), (b"", true)] {
        let state = DeliveryState::Queued;
        same(
            &format!("an insert whose digest begins with {last:?}, where one with [97] is stored"),
            store.insert(&with_digest(last)).await?,
            InsertOutcome::Known { state, other_body },
        )?;
    }
    Ok(())
}
