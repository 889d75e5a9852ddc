//! Times, and steps that several checks share.

use std::time::Duration;

use revento_core::Timestamp;
use revento_store::Once;

use crate::{
    expect::{fail, same},
    race::CALLERS,
    show,
    subject::CheckResult,
};

/// 2026-05-09T14:22:31.000001Z; far from the clock of any machine that runs the checks.
pub(super) const NOW: Timestamp = Timestamp::from_unix_micros(1_778_336_551_000_001);
pub(super) const MICROSECOND: Duration = Duration::from_micros(1);

/// This many seconds after [`NOW`].
pub(super) fn after(seconds: u64) -> Timestamp {
    NOW.saturating_add(Duration::from_secs(seconds))
}

/// The last moment before a time.
pub(super) fn just_before(time: Timestamp) -> Timestamp {
    Timestamp::from_unix_micros(time.unix_micros() - 1)
}

/// Takes a mark, and fails unless the answer is the expected one.
pub(super) async fn takes(
    store: &dyn Once,
    id: &str,
    (now, until): (Timestamp, Timestamp),
    expected: bool,
) -> CheckResult {
    let taken = store.take(id, now, until).await?;
    let what = format!("whether {} can be taken at {now} until {until}", show::quoted(id));
    same(&what, taken, expected)
}

/// Fails unless exactly one of the callers of a race has the mark.
pub(super) fn one_of_all(answers: &[bool]) -> CheckResult {
    let takers = answers.iter().filter(|taken| **taken).count();
    if takers == 1 {
        return Ok(());
    }
    fail(format!(
        "of {CALLERS} simultaneous callers exactly one has to get the mark, but {takers} did"
    ))
}
