//! Checks that nothing is lost when the engine ends and starts again.

use revento_core::Timestamp;
use revento_store::{ClaimOutcome, SwapOutcome, TokenStore};

use super::sample::{NOW, claim, created, end_of, granted, is_stored, key, marked, record, renewed, swapped};
use crate::{
    check::SharedSubject,
    expect::{holds, same},
    subject::CheckResult,
};

pub(super) async fn k23_nothing_is_lost_by_a_restart(subject: SharedSubject<dyn TokenStore>) -> CheckResult {
    let store = subject.store();
    let kept = marked(&record("evt_1"), 1);
    let version = created(&*store, &record("evt_1")).await?;
    let version = swapped(&*store, version, &kept, None).await?;
    granted(&*store, &key("evt_1"), version, NOW).await?;
    let (fence, _) = granted(&*store, &key("evt_1"), version, end_of(NOW)).await?;
    let free = created(&*store, &record("evt_2")).await?;
    // The newest of all is gone: an engine that counts from the highest number that it finds uses this one twice.
    let gone = created(&*store, &record("evt_3")).await?;
    let (late, _) = granted(&*store, &key("evt_3"), gone, NOW).await?;
    store.remove(&key("evt_3")).await?;

    let again = subject.reopened().await?;
    is_stored(&*again, &kept).await?;
    is_stored(&*again, &record("evt_2")).await?;
    same(
        "the record that was removed",
        again.load(&key("evt_3")).await?,
        None,
    )?;
    let client = "clt_test".into();
    let lists = [
        ("of_client", again.of_client(&client, None, 9).await?.len()),
        ("due", again.due(&client, Timestamp::MAX, None, 9).await?.len()),
    ];
    for (list, came) in lists {
        same(&format!("how many records {list} lists after a restart"), came, 2)?;
    }
    let held = ClaimOutcome::Held {
        until: end_of(end_of(NOW)),
    };
    let answer = claim(&*again, &key("evt_1"), version, end_of(NOW)).await?;
    same("the claim after a restart", answer, held)?;
    let (next, abandoned) = granted(&*again, &key("evt_1"), version, end_of(end_of(NOW))).await?;
    same("whether the claim before was abandoned", abandoned, true)?;
    holds("fences go on growing after a restart", next > fence)?;
    let late_swap = again
        .compare_and_swap(version, &renewed(&kept), Some(fence))
        .await?;
    same(
        "a swap with a fence from before",
        late_swap,
        SwapOutcome::Conflict,
    )?;

    let (_, abandoned) = granted(&*again, &key("evt_2"), free, NOW).await?;
    same("whether a record without a claim had one", abandoned, false)?;
    let new = created(&*again, &record("evt_3")).await?;
    holds("versions go on growing after a restart", new > gone)?;
    let (new_fence, abandoned) = granted(&*again, &key("evt_3"), new, NOW).await?;
    same("whether a claim from before the removal counts", abandoned, false)?;
    holds(
        "fences go on growing after a restart, though the newest is gone",
        new_fence > late,
    )
}
