//! Checks of recording duties.

use revento_store::{DeletionDuty, DeletionStore};

use super::sample::{are_open, days, due, duty, is, proof, record_all};
use crate::{
    check::SharedSubject,
    expect::same,
    race::{ROUNDS, race},
    subject::CheckResult,
};

pub(super) async fn q17_a_duty_comes_back_as_it_was_recorded(
    subject: SharedSubject<dyn DeletionStore>,
) -> CheckResult {
    let store = subject.store();
    same(
        "a duty that is not known",
        store.duty(&"env_0".into()).await?,
        None,
    )?;
    // Each set bit leaves one optional field out.
    for absent in 0..32_u32 {
        let has = |bit: u32| absent & (1 << bit) == 0;
        let full = duty(&absent.to_string());
        let one = DeletionDuty {
            event_id: full.event_id.clone().filter(|_| has(0)),
            organization_id: full.organization_id.clone().filter(|_| has(1)),
            reason: full.reason.clone().filter(|_| has(2)),
            reminded_at: has(3).then(|| days(16)),
            done: has(4).then(|| proof(days(17), "3 rows")),
            ..full
        };
        record_all(&*store, [one.clone()]).await?;
        is(&*store, &one).await?;
    }
    Ok(())
}

pub(super) async fn q17_the_same_webhook_is_one_duty(
    subject: SharedSubject<dyn DeletionStore>,
) -> CheckResult {
    let store = subject.store();
    record_all(&*store, [duty("1")]).await?;
    let again = DeletionDuty {
        event_id: None,
        occurred_at: days(1),
        reason: None,
        ..due("1", days(60))
    };
    let repeat = async |when: &str| {
        let came = store.record(&again).await?;
        same(&format!("the answer to a repeated record {when}"), came, false)
    };
    repeat("while it is open").await?;
    is(&*store, &duty("1")).await?;
    store.mark_reminded(&"env_1".into(), days(16)).await?;
    repeat("after a reminder").await?;
    store
        .mark_deleted(&"env_1".into(), &proof(days(17), "3 rows"))
        .await?;
    repeat("after it is done").await?;
    let done = DeletionDuty {
        reminded_at: Some(days(16)),
        done: Some(proof(days(17), "3 rows")),
        ..duty("1")
    };
    is(&*store, &done).await?;
    are_open(&*store, "the open duties", &[]).await
}

pub(super) async fn q17_of_many_simultaneous_records_one_is_new(
    subject: SharedSubject<dyn DeletionStore>,
) -> CheckResult {
    for round in 0..ROUNDS {
        let id = round.to_string();
        let answers = race(|_| {
            let (store, duty) = (subject.store(), duty(&id));
            async move { store.record(&duty).await }
        })
        .await?;
        let new = answers.iter().filter(|is_new| **is_new).count();
        same("how many records were new", new, 1)?;
        is(&*subject.store(), &duty(&id)).await?;
    }
    Ok(())
}

/// The organizer connects, revokes, connects again and revokes again.
pub(super) async fn q17_the_duties_of_one_event_are_separate(
    subject: SharedSubject<dyn DeletionStore>,
) -> CheckResult {
    let store = subject.store();
    let newer = DeletionDuty {
        occurred_at: days(10),
        ..due("newer", days(40))
    };
    record_all(&*store, [newer.clone(), duty("older")]).await?;
    store
        .mark_deleted(&"env_older".into(), &proof(days(12), "3 rows"))
        .await?;
    store.mark_reminded(&"env_older".into(), days(13)).await?;
    is(&*store, &newer).await?;
    are_open(&*store, "the open duties", &["newer"]).await
}
