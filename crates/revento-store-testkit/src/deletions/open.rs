//! Checks of open duties and reminders.

use revento_core::Timestamp;
use revento_store::{DeletionDuty, DeletionStore};

use super::sample::{are_open, days, due, duty, is, proof, record_all};
use crate::{check::SharedSubject, expect::same, subject::CheckResult};

pub(super) async fn q17_the_most_urgent_duty_is_first(
    subject: SharedSubject<dyn DeletionStore>,
) -> CheckResult {
    let store = subject.store();
    are_open(&*store, "the open duties in an empty ledger", &[]).await?;
    let all = [("b", 31), ("d", 29), ("a", 32), ("c", 30), ("done", 1)];
    record_all(&*store, all.map(|(id, day)| due(id, days(day)))).await?;
    store
        .mark_deleted(&"env_done".into(), &proof(days(1), ""))
        .await?;
    are_open(&*store, "the open duties", &["d", "c", "b", "a"]).await?;
    let two = vec![due("d", days(29)), due("c", days(30))];
    same("the two most urgent", store.open_duties(2).await?, two)?;
    same("none of them", store.open_duties(0).await?, vec![])?;
    same("all of them", store.open_duties(usize::MAX).await?.len(), 4)?;

    // Neither the order of the texts of the deadlines nor that of the arrival.
    let micros = [("y", -9), ("x", -9), ("w", -10), ("v", 10), ("u", 9), ("z", -9)];
    let early = micros.map(|(id, micros)| due(id, Timestamp::from_unix_micros(micros)));
    record_all(&*store, early).await?;
    are_open(
        &*store,
        "the open duties, with deadlines of -10, -9 (three), 9 and 10 µs",
        &["w", "x", "y", "z", "u", "v", "d", "c", "b", "a"],
    )
    .await
}

pub(super) async fn k22_no_deadline_is_judged_by_the_stores_clock(
    subject: SharedSubject<dyn DeletionStore>,
) -> CheckResult {
    let store = subject.store();
    let long_ago = Timestamp::from_unix_seconds(-2_000_000_000);
    let far_off = Timestamp::from_unix_seconds(7_000_000_000);
    record_all(&*store, [due("far", far_off), due("long", long_ago)]).await?;
    are_open(&*store, "the open duties", &["long", "far"]).await?;
    for (id, at) in [("far", long_ago), ("long", far_off)] {
        let reminded = store.mark_reminded(&format!("env_{id}").into(), at).await?;
        same("the answer to a reminder", reminded, true)?;
    }
    are_open(&*store, "the open duties after reminders", &["long", "far"]).await
}

pub(super) async fn q17_a_reminder_is_noted_and_nothing_else(
    subject: SharedSubject<dyn DeletionStore>,
) -> CheckResult {
    let store = subject.store();
    let id = "env_1".into();
    let remind = async |what: &str, at, expected| {
        let reminded = store.mark_reminded(&id, at).await?;
        same(&format!("the answer to a reminder of {what}"), reminded, expected)
    };
    remind("an unknown duty", days(1), false).await?;
    same(
        "the unknown duty after the reminder",
        store.duty(&id).await?,
        None,
    )?;
    record_all(&*store, [duty("1")]).await?;
    // Also at the same time again: an engine that counts changed rows only must not call that a duty that is not open.
    for day in [16, 16, 23] {
        remind("an open duty", days(day), true).await?;
        let reminded = DeletionDuty {
            reminded_at: Some(days(day)),
            ..duty("1")
        };
        is(&*store, &reminded).await?;
        are_open(&*store, "the open duties", &["1"]).await?;
    }
    store.mark_deleted(&id, &proof(days(24), "3 rows")).await?;
    remind("a done duty", days(27), false).await?;
    let reminded_at = store.duty(&id).await?.and_then(|duty| duty.reminded_at);
    same("the last reminder of a done duty", reminded_at, Some(days(23)))
}
