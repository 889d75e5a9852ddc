//! Checks of sealing a delivery again.

use revento_store::{DeliveryState, InboxAdmin, NewDelivery, Sealed, SealedDelivery};

use crate::{
    check::SharedSubject,
    expect::{NotPassed, fail, same},
    inbox::sample::{NOW, REQUEUED, answered, bury, delivery, insert_all, is, minutes, one},
    race::race,
    subject::CheckResult,
};

async fn current(store: &dyn InboxAdmin, id: &str) -> Result<SealedDelivery, NotPassed> {
    let all = store.sealed(None, usize::MAX).await?;
    match all
        .into_iter()
        .find(|sealed| sealed.envelope_id.as_str() == format!("env_{id}"))
    {
        Some(sealed) => Ok(sealed),
        None => fail(format!("env_{id} has no body")),
    }
}

/// The same delivery with other bytes.
fn again(sealed: &SealedDelivery, mark: &str) -> SealedDelivery {
    SealedDelivery {
        envelope_id: sealed.envelope_id.clone(),
        body: Sealed::from_bytes(format!("again {mark}").into_bytes()),
        error: if sealed.error.is_empty() {
            String::new()
        } else {
            format!("again {mark}")
        },
    }
}

pub(super) async fn only_the_expected_bytes_are_replaced(
    subject: SharedSubject<dyn InboxAdmin>,
) -> CheckResult {
    let store = subject.store();
    bury(&*store, delivery("1"), NOW).await?;
    insert_all(&*store, [delivery("2")]).await?;
    let old = current(&*store, "1").await?;
    let new = again(&old, "1");
    answered("sealing it again", store.reseal(&old, &new).await?, true)?;
    same("what is sealed then", current(&*store, "1").await?, new.clone())?;
    answered(
        "doing so from the same bytes",
        store.reseal(&old, &again(&old, "2")).await?,
        false,
    )?;
    let other_error = SealedDelivery {
        error: "other".to_owned(),
        ..new.clone()
    };
    answered(
        "doing so with another error",
        store.reseal(&other_error, &again(&old, "2")).await?,
        false,
    )?;
    let unknown = SealedDelivery {
        envelope_id: "env_9".into(),
        ..new.clone()
    };
    answered(
        "doing so for an unknown delivery",
        store.reseal(&unknown, &unknown).await?,
        false,
    )?;
    same(
        "what is sealed after that",
        current(&*store, "1").await?,
        new.clone(),
    )?;
    is(&*store, "1", DeliveryState::Buried).await?;
    same(
        "the other delivery",
        current(&*store, "2").await?.body,
        delivery("2").body,
    )?;

    // A replay brings another body, and what was read before it must not come back.
    let replay = NewDelivery {
        signed_at: minutes(1),
        body: Sealed::from_bytes(*b"replayed"),
        ..delivery("1")
    };
    same("the replay", store.insert(&replay).await?, REQUEUED)?;
    answered(
        "sealing it as it was before the replay",
        store.reseal(&new, &again(&new, "3")).await?,
        false,
    )?;
    same("the body", current(&*store, "1").await?.body, replay.body)?;

    // A body that is deleted stays deleted.
    let second = current(&*store, "2").await?;
    for _ in 0..2 {
        let leased = one(&*store, minutes(2)).await?;
        store.complete(&leased.lease, minutes(2)).await?;
    }
    answered(
        "sealing a handled delivery",
        store.reseal(&second, &again(&second, "4")).await?,
        false,
    )?;
    same("what is sealed at the end", store.sealed(None, 10).await?, vec![])
}

pub(super) async fn a_lease_outlives_it(subject: SharedSubject<dyn InboxAdmin>) -> CheckResult {
    let store = subject.store();
    insert_all(&*store, [delivery("1")]).await?;
    let leased = one(&*store, NOW).await?;
    let old = current(&*store, "1").await?;
    let new = again(&old, "1");
    answered(
        "sealing a leased delivery again",
        store.reseal(&old, &new).await?,
        true,
    )?;
    answered(
        "retrying it",
        store.retry(&leased.lease, minutes(1), "failed").await?,
        true,
    )?;
    let leased = one(&*store, minutes(1)).await?;
    same("the body at the next attempt", leased.body, new.body)?;
    same("the number of the attempt", leased.attempt, 2)
}

pub(super) async fn of_many_at_once_one_wins(subject: SharedSubject<dyn InboxAdmin>) -> CheckResult {
    let store = subject.store();
    insert_all(&*store, [delivery("1")]).await?;
    let old = current(&*store, "1").await?;
    let answers = race(|number| {
        let (store, old) = (subject.store(), old.clone());
        async move { store.reseal(&old, &again(&old, &number.to_string())).await }
    })
    .await?;
    let winners: Vec<usize> = (0..answers.len()).filter(|number| answers[*number]).collect();
    same("how many have replaced the bytes", winners.len(), 1)?;
    let expected = again(&old, &winners[0].to_string());
    same("what is sealed", current(&*store, "1").await?, expected)
}
