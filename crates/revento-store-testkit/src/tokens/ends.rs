//! Checks of times at both ends of their range, and of times whose texts have another order than their numbers.

use revento_core::Timestamp;
use revento_store::{ClaimOutcome, ClaimTerms, DueCursor, TokenStore};

use super::sample::{created, key, record};
use crate::{check::SharedSubject, expect::same, subject::CheckResult};

const FIRST: Timestamp = Timestamp::from_unix_micros(i64::MIN);

/// In their order.
const TIMES: [i64; 16] = [
    i64::MIN,
    i64::MIN + 1,
    -1_000_000_000_000_000,
    -1001,
    -1000,
    -10,
    -9,
    -1,
    0,
    9,
    10,
    1_999_999,
    2_000_000,
    1_778_336_551_000_001,
    i64::MAX - 1,
    i64::MAX,
];

pub(super) async fn t7_due_is_in_order_to_both_ends_of_time(
    subject: SharedSubject<dyn TokenStore>,
) -> CheckResult {
    let store = subject.store();
    let client = "clt_test".into();
    // The later ones first, under names whose order is that of the creation.
    for (number, micros) in TIMES.into_iter().rev().enumerate() {
        let mut record = record(&format!("evt_{number:02}"));
        record.connection.refresh_expires_at = Timestamp::from_unix_micros(micros);
        created(&*store, &record).await?;
    }
    let due = async |before, after: Option<&DueCursor>, limit| {
        let due = store.due(&client, before, after, limit).await?;
        let expiry = |stored: &revento_store::Stored| stored.record.connection.refresh_expires_at;
        let times: Vec<i64> = due.iter().map(|stored| expiry(stored).unix_micros()).collect();
        Ok::<_, revento_store::StoreError>((times, due.last().map(DueCursor::of)))
    };
    for (place, before) in TIMES.into_iter().enumerate() {
        let (came, _) = due(Timestamp::from_unix_micros(before), None, usize::MAX).await?;
        same(
            &format!("what expires before {before} µs"),
            came.as_slice(),
            &TIMES[..place],
        )?;
    }
    let mut listed = Vec::new();
    let mut after = None;
    for _ in TIMES {
        let (times, cursor) = due(Timestamp::MAX, after.as_ref(), 1).await?;
        listed.extend(times);
        after = cursor.or(after);
    }
    same(
        "what is due in pages of one",
        listed.as_slice(),
        &TIMES[..TIMES.len() - 1],
    )
}

pub(super) async fn k12_a_claim_can_have_any_end(subject: SharedSubject<dyn TokenStore>) -> CheckResult {
    let store = subject.store();
    let version = created(&*store, &record("evt_1")).await?;
    let claim = async |now, until| {
        let terms = ClaimTerms { version, now, until };
        store.claim(&key("evt_1"), terms).await
    };
    let ends = TIMES.map(Timestamp::from_unix_micros);
    // Each claim is over when it begins, or at the next time.
    for (times, is_first) in ends.windows(2).zip((0..).map(|number| number == 0)) {
        let &[now, until] = times else { continue };
        for until in [now, until] {
            let abandoned = match claim(now, until).await? {
                ClaimOutcome::Granted { abandoned, .. } => Some(abandoned),
                _ => None,
            };
            let what = format!(
                "whether the claim before one from {} to {} µs is over, and was abandoned",
                now.unix_micros(),
                until.unix_micros()
            );
            same(&what, abandoned, Some(!is_first || now < until))?;
        }
        same(
            "a claim before it ends",
            claim(now, Timestamp::MAX).await?,
            ClaimOutcome::Held { until },
        )?;
    }
    same(
        "the claim at the end of time",
        claim(FIRST, FIRST).await?,
        ClaimOutcome::Held {
            until: Timestamp::MAX,
        },
    )
}
