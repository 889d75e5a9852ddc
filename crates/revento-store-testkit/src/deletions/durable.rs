//! Checks of restarts and of dropped calls.

use revento_store::{DeletionDuty, DeletionStore};

use super::sample::{are_open, days, due, duty, is, proof, record_all};
use crate::{
    check::SharedSubject,
    dropped::{DROPS, drop_after, moment},
    expect::{fail, same},
    subject::CheckResult,
};

pub(super) async fn q17_the_ledger_is_there_after_reopening(
    subject: SharedSubject<dyn DeletionStore>,
) -> CheckResult {
    let store = subject.store();
    record_all(&*store, [duty("open"), due("done", days(20))]).await?;
    store.mark_reminded(&"env_open".into(), days(16)).await?;
    store
        .mark_deleted(&"env_done".into(), &proof(days(2), "3 rows"))
        .await?;

    let again = subject.replica().await?;
    let open = DeletionDuty {
        reminded_at: Some(days(16)),
        ..duty("open")
    };
    let done = DeletionDuty {
        done: Some(proof(days(2), "3 rows")),
        ..due("done", days(20))
    };
    is(&*again, &open).await?;
    is(&*again, &done).await?;
    are_open(&*again, "the open duties", &["open"]).await?;
    same("a repeated record", again.record(&duty("open")).await?, false)?;
    let other = proof(days(3), "again");
    same(
        "a repeated deletion",
        again.mark_deleted(&"env_done".into(), &other).await?,
        false,
    )?;
    let marked = again.mark_deleted(&"env_open".into(), &other).await?;
    same("a deletion through the other handle", marked, true)?;
    are_open(&*store, "the open duties after it", &[]).await
}

pub(super) async fn q17_nothing_is_lost_by_a_restart(
    subject: SharedSubject<dyn DeletionStore>,
) -> CheckResult {
    let store = subject.store();
    record_all(&*store, [duty("open"), due("done", days(20))]).await?;
    store.mark_reminded(&"env_open".into(), days(16)).await?;
    store
        .mark_deleted(&"env_done".into(), &proof(days(2), "3 rows"))
        .await?;
    let again = subject.reopened().await?;
    let open = DeletionDuty {
        reminded_at: Some(days(16)),
        ..duty("open")
    };
    let done = DeletionDuty {
        done: Some(proof(days(2), "3 rows")),
        ..due("done", days(20))
    };
    is(&*again, &open).await?;
    is(&*again, &done).await?;
    are_open(&*again, "the open duties", &["open"]).await?;
    same("a repeated record", again.record(&duty("open")).await?, false)
}

pub(super) async fn q17_a_dropped_call_is_whole_or_never_was(
    subject: SharedSubject<dyn DeletionStore>,
) -> CheckResult {
    let (store, other) = (subject.store(), subject.replica().await?);
    for number in 0..DROPS {
        let one = duty(&number.to_string());
        let id = &one.envelope_id;
        drop_after(moment(number), store.record(&one)).await?;
        other.record(&one).await?;
        is(&*other, &one).await?;
        drop_after(moment(number), store.mark_deleted(id, &proof(days(1), "dropped"))).await?;
        other.mark_deleted(id, &proof(days(2), "whole")).await?;
        let done = other.duty(id).await?.and_then(|duty| duty.done);
        if ![proof(days(1), "dropped"), proof(days(2), "whole")]
            .map(Some)
            .contains(&done)
        {
            return fail(format!("the proof is {done:?}, which no caller passed"));
        }
    }
    are_open(&*other, "the open duties", &[]).await
}
