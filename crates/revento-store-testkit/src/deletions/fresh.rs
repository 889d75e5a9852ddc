//! Checks of what another replica, or another call at the same moment, has written.

use revento_store::{DeletionDuty, DeletionStore};

use super::sample::{days, duty, proof, record_all};
use crate::{
    check::SharedSubject,
    expect::{Failures, fail, same},
    race::{ROUNDS, race},
    subject::CheckResult,
};

async fn read(store: &dyn DeletionStore, after: &str, expected: &DeletionDuty) -> CheckResult {
    let mut failures = Failures::new();
    let came = store.duty(&expected.envelope_id).await?;
    let what = format!("what duty gives at once after {after}");
    failures.same(&what, came.as_ref(), Some(expected));
    let open: Vec<&DeletionDuty> = Some(expected)
        .filter(|duty| duty.done.is_none())
        .into_iter()
        .collect();
    let listed = store.open_duties(9).await?;
    let what = format!("what open_duties lists at once after {after}");
    failures.same(&what, listed.iter().collect(), open);
    failures.end()
}

/// The handles take turns, so that each has read everything that the other one changes.
pub(super) async fn k24_replicas_read_at_once_what_another_wrote(
    subject: SharedSubject<dyn DeletionStore>,
) -> CheckResult {
    let (ours, theirs) = (subject.store(), subject.replica().await?);
    for (id, writer, reader) in [
        ("1", &ours, &theirs),
        ("2", &theirs, &ours),
        ("3", &ours, &theirs),
    ] {
        let all_read = async |after: &str, expected: &DeletionDuty| {
            read(&**writer, &format!("its own {after}"), expected).await?;
            read(&**reader, &format!("another replica's {after}"), expected).await
        };
        let new = duty(id);
        for store in [&ours, &theirs] {
            same(
                "a duty that is not known",
                store.duty(&new.envelope_id).await?,
                None,
            )?;
        }
        record_all(&**writer, [new.clone()]).await?;
        same("a second record", reader.record(&new).await?, false)?;
        all_read("record", &new).await?;
        same(
            "a reminder",
            writer.mark_reminded(&new.envelope_id, days(1)).await?,
            true,
        )?;
        let reminded = DeletionDuty {
            reminded_at: Some(days(1)),
            ..new
        };
        all_read("mark_reminded", &reminded).await?;
        let first = proof(days(2), "first");
        same(
            "its end",
            writer.mark_deleted(&reminded.envelope_id, &first).await?,
            true,
        )?;
        let late = reader
            .mark_deleted(&reminded.envelope_id, &proof(days(3), "late"))
            .await?;
        same("a second end", late, false)?;
        let late = reader.mark_reminded(&reminded.envelope_id, days(3)).await?;
        same("a reminder after its end", late, false)?;
        let done = DeletionDuty {
            done: Some(first),
            ..reminded
        };
        all_read("mark_deleted", &done).await?;
    }
    Ok(())
}

/// A reminder that writes back all that it has read would open the duty again, or lose its proof.
pub(super) async fn q17_reminders_and_a_deletion_at_once_lose_nothing(
    subject: SharedSubject<dyn DeletionStore>,
) -> CheckResult {
    let store = subject.store();
    for round in 0..ROUNDS {
        let one = duty(&round.to_string());
        record_all(&*store, [one.clone()]).await?;
        let answers = race(|caller| {
            let (store, id) = (subject.store(), one.envelope_id.clone());
            async move {
                if caller % 2 == 0 {
                    return Ok((store.mark_reminded(&id, days(1)).await?, None));
                }
                let marked = store
                    .mark_deleted(&id, &proof(days(2), &caller.to_string()))
                    .await?;
                Ok((false, marked.then_some(caller)))
            }
        })
        .await?;
        let is_reminded = answers.iter().any(|(reminded, _)| *reminded);
        let winners: Vec<usize> = answers.iter().filter_map(|(_, winner)| *winner).collect();
        let [winner] = winners[..] else {
            return fail(format!(
                "exactly one caller has to close the duty, but {} did",
                winners.len()
            ));
        };
        let expected = DeletionDuty {
            reminded_at: is_reminded.then(|| days(1)),
            done: Some(proof(days(2), &winner.to_string())),
            ..one
        };
        let came = store.duty(&expected.envelope_id).await?;
        same(
            "the duty after reminders and deletions at once",
            came,
            Some(expected),
        )?;
    }
    Ok(())
}
