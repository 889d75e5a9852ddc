//! Checks of restarts and of calls that are dropped.

use revento_store::Once;

use super::sample::{NOW, after, takes};
use crate::{
    check::SharedSubject,
    dropped::{DROPS, drop_after, moment},
    expect::holds,
    subject::CheckResult,
};

pub(super) async fn o21_a_mark_is_there_after_reopening(subject: SharedSubject<dyn Once>) -> CheckResult {
    let end = after(600);
    takes(&*subject.store(), "a", (NOW, end), true).await?;
    takes(&*subject.store(), "ended", (NOW, after(1)), true).await?;
    let reopened = subject.replica().await?;
    takes(&*reopened, "a", (after(1), end), false).await?;
    takes(&*reopened, "ended", (after(1), end), true).await?;
    takes(&*reopened, "a", (end, after(1200)), true).await
}

pub(super) async fn o21_no_mark_is_lost_by_a_restart(subject: SharedSubject<dyn Once>) -> CheckResult {
    takes(&*subject.store(), "a", (NOW, after(600)), true).await?;
    let reopened = subject.reopened().await?;
    takes(&*reopened, "a", (after(1), after(600)), false).await?;
    takes(&*reopened, "b", (after(1), after(600)), true).await?;
    takes(&*reopened, "a", (after(600), after(1200)), true).await
}

pub(super) async fn o21_a_dropped_call_takes_the_mark_or_does_not(
    subject: SharedSubject<dyn Once>,
) -> CheckResult {
    let store = subject.store();
    for number in 0..DROPS {
        let id = format!("mark {number}");
        let take = store.take(&id, NOW, after(600));
        let first = drop_after(moment(number), take).await?;
        let second = store.take(&id, NOW, after(600)).await?;
        if let Some(taken) = first {
            holds(
                "the first caller gets the mark, and the second does not",
                taken && !second,
            )?;
        }
        takes(&*store, &id, (NOW, after(600)), false).await?;
        // The end of the mark is the one that was asked for, whoever has it.
        takes(&*store, &id, (after(600), after(601)), true).await?;
    }
    Ok(())
}
