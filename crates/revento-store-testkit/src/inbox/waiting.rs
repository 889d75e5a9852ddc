//! Checks of the time of the next due delivery.

use revento_core::Timestamp;
use revento_store::{InboxStore, NewDelivery, RequeueAttempts};

use super::sample::{MINUTE, NOW, at, delivery, insert_all, lease, minutes, one, ordered};
use crate::{
    check::SharedSubject,
    expect::{holds, same},
    subject::CheckResult,
};

async fn next_is(store: &dyn InboxStore, what: &str, expected: Option<Timestamp>) -> CheckResult {
    let next = store.next_due().await?;
    same(&format!("the next due time {what}"), next, expected)?;
    if let Some(next) = next {
        let early = lease(store, next.saturating_sub(super::sample::TICK), 10).await?;
        holds("nothing can be leased before the next is due", early.is_empty())?;
    }
    Ok(())
}

pub(super) async fn q8_next_due_is_when_a_lease_can_succeed(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    next_is(&*store, "in an empty inbox", None).await?;
    insert_all(
        &*store,
        [ordered("1", "app_1"), ordered("2", "app_1"), at("3", minutes(7))],
    )
    .await?;
    next_is(&*store, "at first", Some(NOW)).await?;
    let first = one(&*store, NOW).await?;
    next_is(
        &*store,
        "while the first is handled, and another waits behind it",
        Some(minutes(1)),
    )
    .await?;
    store.retry(&first.lease, minutes(5), "failed").await?;
    next_is(&*store, "while the first waits for its time", Some(minutes(5))).await?;
    let first = one(&*store, minutes(5)).await?;
    next_is(&*store, "while it is handled again", Some(minutes(6))).await?;
    store.bury(&first.lease, minutes(5), "failed").await?;
    next_is(&*store, "when it is buried", Some(NOW)).await?;
    let second = one(&*store, minutes(5)).await?;
    store.complete(&second.lease, minutes(5)).await?;
    next_is(&*store, "when the second is done", Some(minutes(7))).await?;
    let third = one(&*store, minutes(7)).await?;
    store.complete(&third.lease, minutes(7)).await?;
    next_is(&*store, "when only a buried one is left", None).await?;
    store
        .requeue(&"env_1".into(), minutes(8), RequeueAttempts::Full)
        .await?;
    next_is(&*store, "when that is queued again", Some(minutes(8))).await?;
    insert_all(&*store, [delivery("4")]).await?;
    next_is(&*store, "when another came", Some(NOW)).await?;

    // Those that arrive last are due first, and wait for nothing.
    for (what, key, minutes_before) in [
        ("when one of another key came, due earlier", "app_2", 1),
        ("when one without a key came, due still earlier", "", 2),
    ] {
        let due = NOW.saturating_sub(MINUTE * minutes_before);
        let early = NewDelivery {
            ordering_key: key.to_owned(),
            ..at(&format!("early {minutes_before}"), due)
        };
        insert_all(&*store, [early]).await?;
        next_is(&*store, what, Some(due)).await?;
    }
    Ok(())
}
