//! Checks of buried deliveries: listing them, wiping their bodies, keeping their ids.

use revento_core::Timestamp;
use revento_store::{
    BuriedDelivery, DeliveryState, InboxStore, NewDelivery, RequeueAttempts, RequeueOutcome, Sealed,
};

use super::sample::{
    NOW, REQUEUED, answered, at, bury, delivery, digest, insert_all, is, leases, minutes, one, ordered,
};
use crate::{
    bytes::found,
    check::SharedSubject,
    expect::{holds, same},
    subject::CheckResult,
};

fn as_buried(delivery: &NewDelivery, buried_at: Timestamp) -> BuriedDelivery {
    BuriedDelivery {
        envelope_id: delivery.envelope_id.clone(),
        delivery_id: delivery.delivery_id.clone(),
        event_type: delivery.event_type.clone(),
        occurred_at: delivery.occurred_at,
        received_at: delivery.received_at,
        buried_at,
        attempts: 1,
        error: "no such table".to_owned(),
        expunged: false,
    }
}

pub(super) async fn q4_what_is_buried_is_listed(subject: SharedSubject<dyn InboxStore>) -> CheckResult {
    let store = subject.store();
    same(
        "the buried deliveries of an empty inbox",
        store.buried(None, 10).await?,
        vec![],
    )?;
    bury(&*store, delivery("1"), minutes(1)).await?;
    bury(&*store, ordered("2", "app_1"), minutes(2)).await?;
    insert_all(&*store, ["3", "4", "5"].map(delivery)).await?;
    let done = one(&*store, NOW).await?;
    store.complete(&done.lease, minutes(3)).await?;
    one(&*store, NOW).await?;

    let first = as_buried(&delivery("1"), minutes(1));
    let second = as_buried(&delivery("2"), minutes(2));
    let both = vec![second.clone(), first];
    same("the buried deliveries", store.buried(None, 10).await?, both)?;
    same("the last buried", store.buried(None, 1).await?, vec![second])
}

pub(super) async fn q4_the_last_cause_and_all_attempts_are_listed(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    insert_all(&*store, [delivery("1")]).await?;
    let leased = one(&*store, NOW).await?;
    store.retry(&leased.lease, minutes(1), "first").await?;
    let leased = one(&*store, minutes(1)).await?;
    store.bury(&leased.lease, minutes(2), "second").await?;
    let twice = BuriedDelivery {
        attempts: 2,
        error: "second".to_owned(),
        ..as_buried(&delivery("1"), minutes(2))
    };
    same(
        "the buried deliveries",
        store.buried(None, 10).await?,
        vec![twice],
    )?;
    store
        .requeue(&"env_1".into(), minutes(3), RequeueAttempts::Full)
        .await?;
    same(
        "the buried deliveries after a requeue",
        store.buried(None, 10).await?,
        vec![],
    )
}

pub(super) async fn q18_only_what_was_buried_long_ago_is_expunged(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    same(
        "how many an empty inbox expunges",
        store.expunge(minutes(100)).await?,
        0,
    )?;
    bury(&*store, delivery("1"), minutes(1)).await?;
    bury(&*store, delivery("2"), minutes(2)).await?;
    insert_all(&*store, ["3", "4", "5"].map(delivery)).await?;
    let done = one(&*store, NOW).await?;
    store.complete(&done.lease, NOW).await?;
    let leased = one(&*store, NOW).await?;

    let expunge = async |what: &str, before, expected| same(what, store.expunge(before).await?, expected);
    expunge("how many were buried before the first was", minutes(1), 0).await?;
    expunge("how many were buried before the second was", minutes(2), 1).await?;
    expunge("how many are left to expunge by then", minutes(2), 0).await?;
    let first = BuriedDelivery {
        error: String::new(),
        expunged: true,
        ..as_buried(&delivery("1"), minutes(1))
    };
    let second = as_buried(&delivery("2"), minutes(2));
    same(
        "the buried deliveries",
        store.buried(None, 10).await?,
        vec![second, first],
    )?;
    is(&*store, "1", DeliveryState::Buried).await?;

    let later = minutes(5);
    same(
        "the requeue of a delivery that was not expunged",
        store
            .requeue(&"env_2".into(), later, RequeueAttempts::Full)
            .await?,
        RequeueOutcome::Requeued,
    )?;
    expunge("how many are left to expunge at all", minutes(100_000), 0).await?;
    is(&*store, "3", DeliveryState::Done).await?;
    answered(
        "completing the delivery that was leased meanwhile",
        store.complete(&leased.lease, later).await?,
        true,
    )?;
    for body in leases(&*store, "the queued deliveries", later, &["5", "2"]).await? {
        let id = body.lease.envelope_id.as_str().replace("env_", "sealed ");
        same("its body", body.body.as_bytes(), id.as_bytes())?;
    }
    for id in ["6", "7", "8"] {
        bury(&*store, delivery(id), later).await?;
    }
    expunge("how many of three are expunged at once", minutes(100_000), 3).await
}

pub(super) async fn q18_what_is_expunged_cannot_be_requeued(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    bury(&*store, ordered("1", "app_1"), minutes(1)).await?;
    insert_all(&*store, [ordered("2", "app_1")]).await?;
    store.expunge(minutes(2)).await?;
    let requeued = store
        .requeue(&"env_1".into(), minutes(3), RequeueAttempts::Full)
        .await?;
    same(
        "a requeue of an expunged delivery",
        requeued,
        RequeueOutcome::Expunged,
    )?;
    is(&*store, "1", DeliveryState::Buried).await?;
    let leased = leases(&*store, "the queued deliveries", minutes(4), &["2"]).await?;
    for delivery in leased {
        store.complete(&delivery.lease, minutes(4)).await?;
    }
    same("when the next is due", store.next_due().await?, None)
}

pub(super) async fn q18_a_replay_brings_the_body_back(subject: SharedSubject<dyn InboxStore>) -> CheckResult {
    let store = subject.store();
    bury(&*store, delivery("1"), minutes(1)).await?;
    store.expunge(minutes(2)).await?;
    // Sealing the same content again gives other bytes, and without the digest the store cannot compare the content.
    let replay = NewDelivery {
        body: Sealed::from_bytes(*b"sealed again"),
        body_digest: digest("again"),
        ..at("1", minutes(3))
    };
    same("a replay", store.insert(&replay).await?, REQUEUED)?;
    let leased = one(&*store, minutes(3)).await?;
    same("the body", leased.body.as_bytes(), b"sealed again".as_slice())?;
    same("the attempt", leased.attempt, 1)?;
    store.bury(&leased.lease, minutes(4), "again").await?;
    let listed = store.buried(None, 10).await?;
    let expunged: Vec<_> = listed.iter().map(|buried| buried.expunged).collect();
    same("whether it is expunged", expunged, vec![false])?;
    let requeued = store
        .requeue(&"env_1".into(), minutes(5), RequeueAttempts::Full)
        .await?;
    same("a requeue after the replay", requeued, RequeueOutcome::Requeued)?;
    let leased = one(&*store, minutes(5)).await?;
    same("the body", leased.body.as_bytes(), b"sealed again".as_slice())
}

pub(super) async fn q18_nothing_of_a_wiped_body_is_at_rest(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    bury(&*store, delivery("expunged"), minutes(1)).await?;
    bury(&*store, delivery("buried"), minutes(2)).await?;
    insert_all(&*store, [delivery("handled")]).await?;
    let handled = one(&*store, NOW).await?;
    store.complete(&handled.lease, NOW).await?;
    store.expunge(minutes(2)).await?;

    let dump = subject.dump().await?;
    let shows = |text: &str| found(&dump, text).is_some();
    for id in ["env_expunged", "env_handled"] {
        holds(&format!("the dump has {id}"), shows(id))?;
    }
    holds("the dump shows bodies that are kept", shows("sealed buried"))?;
    holds(
        "the digest of a body that is kept is there",
        shows("digest buried"),
    )?;
    holds(
        "the body of the expunged delivery is gone",
        !shows("sealed expunged"),
    )?;
    holds("its digest is gone with it", !shows("digest expunged"))?;
    holds(
        "the body of the handled delivery is gone",
        !shows("sealed handled"),
    )
}
