//! Checks of restarts and replicas.

use std::collections::BTreeSet;

use revento_store::{DeliveryState, InboxStore, InsertOutcome};

use super::sample::{MINUTE, NOW, answered, delivery, insert_all, is, known, leases, minutes, one, ordered};
use crate::{
    check::SharedSubject,
    expect::{holds, same},
    race::{CALLERS, race},
    subject::CheckResult,
};

pub(super) async fn q2_what_was_acknowledged_is_there_after_reopening(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    insert_all(&*store, ["1", "2", "3"].map(|id| ordered(id, "app_1"))).await?;
    let first = one(&*store, NOW).await?;
    store.complete(&first.lease, NOW).await?;
    let second = one(&*store, NOW).await?;

    let again = subject.replica().await?;
    is(&*again, "1", DeliveryState::Done).await?;
    is(&*again, "2", DeliveryState::Leased).await?;
    let received = again.insert(&ordered("1", "app_1")).await?;
    same(
        "a retry of a handled delivery",
        received,
        known(DeliveryState::Done),
    )?;
    leases(&*again, "while the lease lasts", NOW, &[]).await?;
    same("when the next is due", again.next_due().await?, Some(minutes(1)))?;
    answered(
        "completing through the other handle",
        again.complete(&second.lease, NOW).await?,
        true,
    )?;
    let third = leases(&*again, "the next of the key", NOW, &["3"]).await?;
    same(
        "its body",
        third.first().map(|delivery| delivery.body.as_bytes()),
        Some(b"sealed 3".as_slice()),
    )
}

pub(super) async fn q8_replicas_share_the_work(subject: SharedSubject<dyn InboxStore>) -> CheckResult {
    let replicas = [
        subject.store(),
        subject.replica().await?,
        subject.replica().await?,
    ];
    let received = race(|caller| {
        let (store, delivery) = (
            replicas[caller % replicas.len()].clone(),
            delivery(&(caller / 2).to_string()),
        );
        async move { store.insert(&delivery).await }
    })
    .await?;
    let new = received
        .iter()
        .filter(|answer| matches!(answer, InsertOutcome::New { .. }))
        .count();
    same("how many inserts were new", new, CALLERS / 2)?;
    let leased = race(|caller| {
        let store = replicas[caller % replicas.len()].clone();
        async move { store.lease(NOW, NOW.saturating_add(MINUTE), 1).await }
    })
    .await?;
    let mut seen = BTreeSet::new();
    for delivery in leased.into_iter().flatten() {
        let id = delivery.lease.envelope_id;
        holds(&format!("{id} is leased once"), seen.insert(id))?;
    }
    same("how many were leased", seen.len(), CALLERS / 2)
}
