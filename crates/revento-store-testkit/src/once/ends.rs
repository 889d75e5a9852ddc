//! Checks of the end of a mark.

use revento_core::Timestamp;
use revento_store::Once;

use super::sample::{MICROSECOND, NOW, after, just_before, takes};
use crate::{check::SharedSubject, subject::CheckResult};

const BEGINNING_OF_TIME: Timestamp = Timestamp::from_unix_micros(i64::MIN);
const END_OF_TIME: Timestamp = Timestamp::from_unix_micros(i64::MAX);

pub(super) async fn o21_a_mark_ends_at_its_time(subject: SharedSubject<dyn Once>) -> CheckResult {
    let store = subject.store();
    let end = after(600);
    takes(&*store, "a", (NOW, end), true).await?;
    takes(&*store, "a", (just_before(end), end), false).await?;
    takes(&*store, "a", (end, after(1200)), true).await?;
    takes(&*store, "a", (just_before(after(1200)), after(1800)), false).await?;
    // Long after.
    takes(&*store, "a", (after(1_000_000), after(1_000_001)), true).await?;
    // The shortest one.
    takes(&*store, "b", (NOW, NOW.saturating_add(MICROSECOND)), true).await?;
    takes(&*store, "b", (NOW, after(600)), false).await?;
    takes(&*store, "b", (NOW.saturating_add(MICROSECOND), after(600)), true).await?;
    // One that has ended when it is taken.
    takes(&*store, "c", (NOW, NOW), true).await?;
    // Also until the same time: an engine that counts changed rows only must not call that taken.
    takes(&*store, "c", (NOW, NOW), true).await?;
    takes(&*store, "c", (NOW, just_before(NOW)), true).await?;
    takes(&*store, "c", (NOW, after(600)), true).await?;
    takes(&*store, "c", (NOW, after(600)), false).await
}

pub(super) async fn o21_a_refusal_changes_nothing(subject: SharedSubject<dyn Once>) -> CheckResult {
    let store = subject.store();
    let end = after(600);
    takes(&*store, "a", (NOW, end), true).await?;
    for until in [END_OF_TIME, after(1_000_000), NOW, BEGINNING_OF_TIME] {
        takes(&*store, "a", (after(1), until), false).await?;
    }
    takes(&*store, "a", (just_before(end), after(1200)), false).await?;
    takes(&*store, "a", (end, after(1200)), true).await
}

pub(super) async fn k22_no_end_is_judged_by_the_stores_clock(
    subject: SharedSubject<dyn Once>,
) -> CheckResult {
    let store = subject.store();
    // Both times are in the past by any clock, or in the future.
    for (id, now, until) in [
        ("past", -2_000_000_000, -1_999_999_999),
        ("1970", 0, 1),
        ("future", 7_000_000_000, 7_000_000_001),
    ] {
        let (now, until) = (
            Timestamp::from_unix_seconds(now),
            Timestamp::from_unix_seconds(until),
        );
        takes(&*store, id, (now, until), true).await?;
        takes(&*store, id, (just_before(until), until), false).await?;
        takes(&*store, id, (until, END_OF_TIME), true).await?;
        takes(&*store, id, (just_before(END_OF_TIME), END_OF_TIME), false).await?;
    }
    takes(&*store, "ever", (BEGINNING_OF_TIME, END_OF_TIME), true).await?;
    takes(&*store, "ever", (NOW, END_OF_TIME), false).await?;
    let almost = just_before(END_OF_TIME);
    takes(&*store, "almost ever", (NOW, almost), true).await?;
    takes(&*store, "almost ever", (just_before(almost), almost), false).await?;
    takes(&*store, "almost ever", (almost, END_OF_TIME), true).await?;
    // A clock that was set back.
    takes(&*store, "a", (after(3600), after(3660)), true).await?;
    takes(&*store, "a", (NOW, after(60)), false).await?;
    takes(&*store, "a", (after(3660), after(3720)), true).await
}

pub(super) async fn h14_what_has_ended_is_forgotten_and_nothing_else(
    subject: SharedSubject<dyn Once>,
) -> CheckResult {
    let store = subject.store();
    takes(&*store, "kept", (NOW, after(100)), true).await?;
    for number in 0..40 {
        let id = format!("short {number}");
        takes(&*store, &id, (NOW, after(1)), true).await?;
    }
    for number in 0..40 {
        let id = format!("later {number}");
        takes(&*store, &id, (after(50), after(60)), true).await?;
    }
    for number in 0..40 {
        let id = format!("later {number}");
        takes(&*store, &id, (just_before(after(60)), after(200)), false).await?;
        let id = format!("short {number}");
        takes(&*store, &id, (just_before(after(60)), after(200)), true).await?;
    }
    takes(&*store, "kept", (just_before(after(100)), after(200)), false).await
}
