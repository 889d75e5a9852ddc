//! Checks that no call touches a delivery whose id looks alike.

use revento_store::{
    BuriedCursor, DeliveryState, InboxStore, InsertOutcome, Lease, NewDelivery, RequeueAttempts,
    RequeueOutcome,
};

use super::sample::{MINUTE, NOW, REQUEUED, answered, delivery, known, lease, minutes};
use crate::{
    check::SharedSubject,
    expect::{NotPassed, fail, same},
    show::quoted,
    subject::CheckResult,
    texts::{ALIKE, ODD},
};

fn with_id(id: &str) -> NewDelivery {
    NewDelivery {
        envelope_id: id.into(),
        ..delivery(&quoted(id))
    }
}

/// Leases all deliveries at once, so that their fences may be equal, and gives them in the order of the ids.
async fn lease_all(store: &dyn InboxStore) -> Result<Vec<Lease>, NotPassed> {
    let leased = lease(store, NOW, usize::MAX).await?;
    let mut leases = Vec::new();
    for id in ALIKE {
        let mut of_id = leased.iter().filter(|one| one.lease.envelope_id.as_str() == *id);
        match (of_id.next(), of_id.next()) {
            (Some(one), None) => leases.push(one.lease.clone()),
            _ => return fail(format!("the delivery {} is not leased once", quoted(id))),
        }
    }
    Ok(leases)
}

/// Fails unless a delivery is as the calls with its own id have left it.
async fn untouched(store: &dyn InboxStore, id: &str, state: DeliveryState, call: &str) -> CheckResult {
    let what = format!("the state of {} after {call} with other ids", quoted(id));
    same(&what, store.state(&id.into()).await?, Some(state))
}

pub(super) async fn k8_no_call_touches_a_delivery_that_looks_alike(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    let new = InsertOutcome::New {
        delivery_id_reused: false,
    };
    for id in ALIKE {
        same(
            &format!("the state of {} before its insert", quoted(id)),
            store.state(&(*id).into()).await?,
            None,
        )?;
        same(
            &format!("the insert of {}", quoted(id)),
            store.insert(&with_id(id)).await?,
            new,
        )?;
    }
    for (id, lease) in ALIKE.iter().zip(lease_all(&*store).await?) {
        untouched(&*store, id, DeliveryState::Leased, "retry").await?;
        answered(
            &format!("giving {} back", quoted(id)),
            store.retry(&lease, NOW, "failed").await?,
            true,
        )?;
    }
    for (id, lease) in ALIKE.iter().zip(lease_all(&*store).await?) {
        untouched(&*store, id, DeliveryState::Leased, "bury").await?;
        answered(
            &format!("burying {}", quoted(id)),
            store.bury(&lease, NOW, id).await?,
            true,
        )?;
    }
    are_listed(&*store).await?;
    for id in ALIKE {
        untouched(&*store, id, DeliveryState::Buried, "requeue").await?;
        let requeued = store.requeue(&(*id).into(), NOW, RequeueAttempts::Full).await?;
        same(
            &format!("the requeue of {}", quoted(id)),
            requeued,
            RequeueOutcome::Requeued,
        )?;
    }
    for lease in lease_all(&*store).await? {
        answered("burying it again", store.bury(&lease, NOW, "failed").await?, true)?;
    }
    for id in ALIKE {
        untouched(&*store, id, DeliveryState::Buried, "a replay").await?;
        let replay = NewDelivery {
            signed_at: minutes(1),
            ..with_id(id)
        };
        same(
            &format!("the replay of {}", quoted(id)),
            store.insert(&replay).await?,
            REQUEUED,
        )?;
    }
    for (id, lease) in ALIKE.iter().zip(lease_all(&*store).await?) {
        untouched(&*store, id, DeliveryState::Leased, "complete").await?;
        answered(
            &format!("completing {}", quoted(id)),
            store.complete(&lease, NOW).await?,
            true,
        )?;
    }
    for id in ALIKE {
        let again = store.insert(&with_id(id)).await?;
        same(
            &format!("a retry of {}", quoted(id)),
            again,
            known(DeliveryState::Done),
        )?;
    }
    Ok(())
}

/// All were buried at the same time: the order is the descending one of the ids' bytes.
async fn are_listed(store: &dyn InboxStore) -> CheckResult {
    let mut ids = ALIKE.to_vec();
    ids.sort_by(|one, other| other.cmp(one));
    let listed = store.buried(None, usize::MAX).await?;
    let came: Vec<_> = listed.iter().map(|buried| buried.envelope_id.as_str()).collect();
    same(
        "the buried deliveries, in descending order of their bytes",
        came,
        ids.clone(),
    )?;
    for (place, id) in ids.iter().enumerate() {
        let after = BuriedCursor {
            buried_at: NOW,
            envelope_id: (*id).into(),
        };
        let listed = store.buried(Some(&after), 1).await?;
        let came: Vec<_> = listed.iter().map(|buried| buried.envelope_id.as_str()).collect();
        let next: Vec<_> = ids.iter().skip(place + 1).take(1).copied().collect();
        same(&format!("the buried delivery behind {}", quoted(id)), came, next)?;
    }
    Ok(())
}

pub(super) async fn q14_ordering_keys_that_look_alike_are_separate(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let store = subject.store();
    for (number, key) in ODD.iter().enumerate() {
        let ordered = NewDelivery {
            ordering_key: (*key).to_owned(),
            ..delivery(&number.to_string())
        };
        store.insert(&ordered).await?;
    }
    let leased = store.lease(NOW, NOW.saturating_add(MINUTE), usize::MAX).await?;
    let is_leased = |number: usize| {
        let id = format!("env_{number}");
        leased.iter().any(|one| one.lease.envelope_id.as_str() == id)
    };
    let held_up = (0..ODD.len()).filter(|number| !is_leased(*number));
    let held_up: Vec<_> = held_up.map(|number| ODD[number]).collect();
    same(
        "the ordering keys whose first delivery waits for that of another key",
        held_up,
        vec![],
    )
}
