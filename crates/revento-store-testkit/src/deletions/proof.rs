//! Checks of the proof of a deletion.

use revento_store::{DeletionDuty, DeletionStore};

use super::sample::{are_open, days, duty, is, proof, record_all};
use crate::{
    check::SharedSubject,
    expect::{fail, same},
    race::{ROUNDS, race},
    subject::CheckResult,
};

pub(super) async fn q17_the_first_proof_stays(subject: SharedSubject<dyn DeletionStore>) -> CheckResult {
    let store = subject.store();
    record_all(&*store, [duty("1"), duty("2")]).await?;
    let first = proof(days(3), "3 rows of participants, by the nightly job");
    let mark_deleted = async |proof, expected| {
        let marked = store.mark_deleted(&"env_1".into(), proof).await?;
        same("the answer to a deletion", marked, expected)
    };
    mark_deleted(&first, true).await?;
    mark_deleted(&first, false).await?;
    mark_deleted(&proof(days(4), "again"), false).await?;
    let done = DeletionDuty {
        done: Some(first),
        ..duty("1")
    };
    is(&*store, &done).await?;
    is(&*store, &duty("2")).await?;
    are_open(&*store, "the open duties", &["2"]).await
}

pub(super) async fn q17_an_unknown_duty_is_not_marked_deleted(
    subject: SharedSubject<dyn DeletionStore>,
) -> CheckResult {
    let store = subject.store();
    let marked = store
        .mark_deleted(&"env_1".into(), &proof(days(3), "3 rows"))
        .await?;
    same("the answer to a deletion that is no duty", marked, false)?;
    record_all(&*store, [duty("1")]).await?;
    is(&*store, &duty("1")).await
}

pub(super) async fn q17_of_many_simultaneous_deletions_one_is_the_proof(
    subject: SharedSubject<dyn DeletionStore>,
) -> CheckResult {
    for round in 0..ROUNDS {
        let one = duty(&round.to_string());
        record_all(&*subject.store(), [one.clone()]).await?;
        let answers = race(|caller| {
            let (store, id) = (subject.store(), one.envelope_id.clone());
            async move {
                store
                    .mark_deleted(&id, &proof(days(1), &caller.to_string()))
                    .await
            }
        })
        .await?;
        let winners: Vec<_> = (0..answers.len()).filter(|caller| answers[*caller]).collect();
        let [winner] = winners[..] else {
            return fail(format!(
                "exactly one caller has to close the duty, but {} did",
                winners.len()
            ));
        };
        let done = DeletionDuty {
            done: Some(proof(days(1), &winner.to_string())),
            ..one
        };
        is(&*subject.store(), &done).await?;
    }
    Ok(())
}
