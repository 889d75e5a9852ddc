//! Checks of the counts, and of what a delivery's details say.

use revento_core::{EventType, Timestamp};
use revento_store::{
    DeliveryDetails, DeliveryState, InboxAdmin, InboxStats, NewDelivery, RequeueAttempts, TypeFailures,
};

use crate::{
    check::SharedSubject,
    expect::{NotPassed, fail, same},
    inbox::sample::{NOW, TICK, at, bury, delivery, insert_all, minutes, one, ordered},
    subject::CheckResult,
};

fn of_type(event_type: EventType, delivery: NewDelivery) -> NewDelivery {
    NewDelivery {
        event_type,
        ..delivery
    }
}

/// Handles a delivery that nothing else waits before.
async fn complete(store: &dyn InboxAdmin, delivery: NewDelivery, now: Timestamp) -> CheckResult {
    insert_all(store, [delivery]).await?;
    let leased = one(store, now).await?;
    same("completing it", store.complete(&leased.lease, now).await?, true)
}

pub(super) async fn an_empty_inbox_has_no_numbers(subject: SharedSubject<dyn InboxAdmin>) -> CheckResult {
    let store = subject.store();
    same("the counts", store.stats(NOW, NOW).await?, InboxStats::default())?;
    let details = store.details(&"env_1".into()).await?;
    same("the details of an unknown delivery", details, None)
}

pub(super) async fn every_delivery_is_counted_in_its_state(
    subject: SharedSubject<dyn InboxAdmin>,
) -> CheckResult {
    let store = subject.store();
    complete(&*store, delivery("done_1"), NOW).await?;
    complete(&*store, delivery("done_2"), minutes(1)).await?;
    bury(&*store, delivery("buried"), minutes(1)).await?;
    // A lease of one minute.
    insert_all(&*store, [at("leased", minutes(1))]).await?;
    one(&*store, minutes(2)).await?;
    let waiting = [
        at("due", minutes(2)),
        NewDelivery {
            received_at: minutes(2),
            ..ordered("front", "key")
        },
        NewDelivery {
            received_at: minutes(2),
            ..ordered("behind", "key")
        },
        at("later", minutes(5)),
    ];
    insert_all(&*store, waiting).await?;

    let expected = InboxStats {
        due: 3,
        later: 1,
        leased: 1,
        lapsed: 0,
        buried: 1,
        done: 2,
        done_since: 1,
        oldest_received_at: Some(minutes(1)),
        failures: vec![TypeFailures {
            event_type: EventType::ApplicationApproved,
            retrying: 0,
            buried: 1,
        }],
    };
    let came = store.stats(minutes(2), minutes(1)).await?;
    same("the counts", came, expected.clone())?;

    let lapsed = InboxStats {
        leased: 0,
        lapsed: 1,
        done_since: 0,
        ..expected.clone()
    };
    let since = minutes(1).saturating_add(TICK);
    same(
        "the counts when the lease has ended",
        store.stats(minutes(3), since).await?,
        lapsed,
    )?;
    let just_before = store.stats(minutes(3).saturating_sub(TICK), NOW).await?;
    same(
        "how many are leased just before the lease ends",
        just_before.leased,
        1,
    )?;
    same("how many were handled since the first", just_before.done_since, 2)?;
    let early = store.stats(minutes(2).saturating_sub(TICK), NOW).await?;
    same(
        "how many are due before they are",
        (early.due, early.later),
        (0, 4),
    )?;
    let late = store.stats(minutes(5), NOW).await?;
    same("how many are due at the end", (late.due, late.later), (4, 0))
}

pub(super) async fn failures_are_counted_by_type(subject: SharedSubject<dyn InboxAdmin>) -> CheckResult {
    let store = subject.store();
    let other = || EventType::from("z.of_a_newer_platform");
    bury(&*store, of_type(other(), delivery("1")), NOW).await?;
    bury(&*store, of_type(EventType::EventPublished, delivery("2")), NOW).await?;
    bury(&*store, of_type(other(), delivery("3")), NOW).await?;
    insert_all(&*store, [of_type(EventType::EventPublished, delivery("4"))]).await?;
    let leased = one(&*store, NOW).await?;
    store.retry(&leased.lease, minutes(1), "no such table").await?;
    // Neither has failed since it was queued.
    insert_all(&*store, [of_type(EventType::ApplicationApproved, delivery("5"))]).await?;
    store
        .requeue(&"env_3".into(), minutes(1), RequeueAttempts::Full)
        .await?;

    let failures = |event_type, retrying, buried| TypeFailures {
        event_type,
        retrying,
        buried,
    };
    let came = store.stats(NOW, NOW).await?;
    let expected = vec![failures(EventType::EventPublished, 1, 1), failures(other(), 0, 1)];
    same("the failures by type", came.failures, expected)?;
    same("how many are buried", came.buried, 2)
}

pub(super) async fn details_follow_the_life_of_a_delivery(
    subject: SharedSubject<dyn InboxAdmin>,
) -> CheckResult {
    let store = subject.store();
    insert_all(&*store, [ordered("1", "key"), ordered("2", "key")]).await?;
    let new = DeliveryDetails {
        envelope_id: "env_1".into(),
        delivery_id: "dlv_1".into(),
        event_type: EventType::ApplicationApproved,
        state: DeliveryState::Queued,
        at: NOW,
        occurred_at: delivery("1").occurred_at,
        received_at: NOW,
        attempts: 0,
        single_attempt: false,
        is_behind: false,
        has_body: true,
        error: String::new(),
    };
    same("a new delivery", details(&*store, "1").await?, new.clone())?;
    let second = details(&*store, "2").await?;
    same("whether the second one waits behind it", second.is_behind, true)?;

    let leased = one(&*store, NOW).await?;
    let held = DeliveryDetails {
        state: DeliveryState::Leased,
        at: minutes(1),
        attempts: 1,
        ..new.clone()
    };
    same("a leased delivery", details(&*store, "1").await?, held.clone())?;
    store.retry(&leased.lease, minutes(2), "no such table").await?;
    let failed = DeliveryDetails {
        state: DeliveryState::Queued,
        at: minutes(2),
        error: "no such table".to_owned(),
        ..held
    };
    same("a failed delivery", details(&*store, "1").await?, failed.clone())?;

    let leased = one(&*store, minutes(2)).await?;
    store.bury(&leased.lease, minutes(2), "still none").await?;
    let buried = DeliveryDetails {
        state: DeliveryState::Buried,
        attempts: 2,
        error: "still none".to_owned(),
        ..failed
    };
    same("a buried delivery", details(&*store, "1").await?, buried.clone())?;
    let second = details(&*store, "2").await?;
    same(
        "whether the second one still waits behind it",
        second.is_behind,
        false,
    )?;

    store
        .requeue(&"env_1".into(), minutes(3), RequeueAttempts::Single)
        .await?;
    let requeued = details(&*store, "1").await?;
    same(
        "a requeued delivery",
        (
            requeued.state,
            requeued.attempts,
            requeued.single_attempt,
            requeued.is_behind,
        ),
        (DeliveryState::Queued, 0, true, true),
    )?;

    let second = one(&*store, minutes(3)).await?;
    store.complete(&second.lease, minutes(3)).await?;
    let done = details(&*store, "2").await?;
    same(
        "a handled delivery",
        (done.state, done.at, done.has_body, done.error.as_str()),
        (DeliveryState::Done, minutes(3), false, ""),
    )?;

    let leased = one(&*store, minutes(3)).await?;
    store.bury(&leased.lease, minutes(3), "personal data").await?;
    store.expunge(minutes(4)).await?;
    let expunged = details(&*store, "1").await?;
    same(
        "an expunged delivery",
        (expunged.state, expunged.has_body, expunged.error.as_str()),
        (DeliveryState::Buried, false, ""),
    )
}

async fn details(store: &dyn InboxAdmin, id: &str) -> Result<DeliveryDetails, NotPassed> {
    match store.details(&format!("env_{id}").into()).await? {
        Some(details) => Ok(details),
        None => fail(format!("env_{id} is not known")),
    }
}
