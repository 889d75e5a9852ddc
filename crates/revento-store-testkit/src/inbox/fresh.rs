//! Checks that every replica reads at once what another one has written.

use revento_core::Timestamp;
use revento_store::{DeliveryState, InboxStore, RequeueAttempts, RequeueOutcome};

use super::sample::{NOW, REQUEUED, answered, at, delivery, insert_all, known, minutes, one};
use crate::{
    check::{Handles, SharedSubject},
    expect::{holds, same},
    subject::CheckResult,
};

/// What both handles have to read.
#[derive(Debug, Clone, Copy)]
struct Reads {
    state: Option<DeliveryState>,
    next_due: Option<Timestamp>,
    /// Whether the body of the buried delivery was expunged; `None` if none is buried.
    buried: Option<bool>,
}

/// The handles take turns, so that each has read everything that the other one changes.
pub(super) async fn k24_replicas_read_at_once_what_another_wrote(
    subject: SharedSubject<dyn InboxStore>,
) -> CheckResult {
    let (ours, theirs) = (subject.store(), subject.replica().await?);
    let all_read =
        async |(writer, other): Handles<'_, dyn InboxStore>, after: &str, state, next_due, buried| {
            let expected = Reads {
                state,
                next_due,
                buried,
            };
            for (whose, store) in [("its own", writer), ("another replica's", other)] {
                reads(store, &format!("{whose} {after}"), expected).await?;
            }
            CheckResult::Ok(())
        };
    let (queued, leased) = (Some(DeliveryState::Queued), Some(DeliveryState::Leased));
    let (done, buried) = (Some(DeliveryState::Done), Some(DeliveryState::Buried));
    all_read((&*ours, &*theirs), "opening", None, None, None).await?;
    for (writer, reader) in [(&*ours, &*theirs), (&*theirs, &*ours), (&*ours, &*theirs)] {
        insert_all(writer, [delivery("1")]).await?;
        let retry = reader.insert(&delivery("1")).await?;
        same(
            "a retry that another replica gets",
            retry,
            known(DeliveryState::Queued),
        )?;
        all_read((writer, reader), "insert", queued, Some(NOW), None).await?;

        let held = one(writer, NOW).await?;
        let second = reader.lease(NOW, minutes(1), 9).await?;
        holds(
            "what one replica has leased, another one does not lease",
            second.is_empty(),
        )?;
        all_read((writer, reader), "lease", leased, Some(minutes(1)), None).await?;
        answered(
            "a retry",
            writer.retry(&held.lease, minutes(2), "failed").await?,
            true,
        )?;
        all_read((writer, reader), "retry", queued, Some(minutes(2)), None).await?;

        let held = one(reader, minutes(2)).await?;
        same("the attempt", held.attempt, 2)?;
        answered(
            "burying it",
            writer.bury(&held.lease, minutes(3), "failed").await?,
            true,
        )?;
        let late = reader.complete(&held.lease, minutes(3)).await?;
        answered("completing what another replica has buried", late, false)?;
        all_read((writer, reader), "bury", buried, None, Some(false)).await?;

        let requeued = writer
            .requeue(&"env_1".into(), minutes(4), RequeueAttempts::Full)
            .await?;
        same("a requeue", requeued, RequeueOutcome::Requeued)?;
        let second = reader
            .requeue(&"env_1".into(), minutes(4), RequeueAttempts::Full)
            .await?;
        same("a second requeue", second, RequeueOutcome::NotBuried)?;
        all_read((writer, reader), "requeue", queued, Some(minutes(4)), None).await?;

        let held = one(writer, minutes(4)).await?;
        answered(
            "burying it again",
            reader.bury(&held.lease, minutes(5), "failed").await?,
            true,
        )?;
        same("how many are expunged", writer.expunge(minutes(6)).await?, 1)?;
        let refused = reader
            .requeue(&"env_1".into(), minutes(6), RequeueAttempts::Full)
            .await?;
        same(
            "a requeue of what another replica has expunged",
            refused,
            RequeueOutcome::Expunged,
        )?;
        all_read((writer, reader), "expunge", buried, None, Some(true)).await?;

        same("a replay", writer.insert(&at("1", minutes(7))).await?, REQUEUED)?;
        all_read(
            (writer, reader),
            "insert of a replay",
            queued,
            Some(minutes(7)),
            None,
        )
        .await?;
        let held = one(reader, minutes(7)).await?;
        answered(
            "completing it",
            writer.complete(&held.lease, minutes(8)).await?,
            true,
        )?;
        all_read((writer, reader), "complete", done, None, None).await?;
        same("how many are forgotten", writer.forget(minutes(9)).await?, 1)?;
        all_read((writer, reader), "forget", None, None, None).await?;
    }
    Ok(())
}

async fn reads(store: &dyn InboxStore, after: &str, expected: Reads) -> CheckResult {
    let state = store.state(&"env_1".into()).await?;
    same(
        &format!("what state gives at once after {after}"),
        state,
        expected.state,
    )?;
    let next_due = store.next_due().await?;
    same(
        &format!("what next_due gives at once after {after}"),
        next_due,
        expected.next_due,
    )?;
    let listed = store.buried(None, 9).await?;
    let expunged: Vec<bool> = listed.iter().map(|buried| buried.expunged).collect();
    same(
        &format!("whether those that buried lists at once after {after} are expunged"),
        expunged,
        expected.buried.into_iter().collect(),
    )
}
