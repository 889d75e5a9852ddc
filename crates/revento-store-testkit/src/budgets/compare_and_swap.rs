//! Checks of the compare-and-swap on bytes.

use std::sync::Arc;

use revento_core::Timestamp;
use revento_store::{BudgetStore, BudgetSwapOutcome, BudgetWrite, StoreError};

use crate::{
    bytes::mixed,
    check::SharedSubject,
    expect::{Failures, fail, same},
    long,
    race::{CALLERS, ROUNDS, race},
    show::quoted,
    subject::CheckResult,
    texts::ODD,
};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_778_336_551);
const HOUR_LATER: Timestamp = Timestamp::from_unix_seconds(1_778_340_151);

fn write<'a>(key: &'a str, expected: Option<&'a [u8]>, next: &'a [u8]) -> BudgetWrite<'a> {
    BudgetWrite {
        key,
        expected,
        next,
        now: NOW,
        idle_at: HOUR_LATER,
    }
}

async fn wrote(store: &dyn BudgetStore, write: BudgetWrite<'_>) -> CheckResult {
    let what = format!(
        "the swap of {} bytes under {} for {} bytes",
        write.expected.map_or(0, <[u8]>::len),
        quoted(write.key),
        write.next.len()
    );
    same(
        &what,
        store.compare_and_swap(write).await?,
        BudgetSwapOutcome::Swapped,
    )
}

pub(super) async fn a17_only_the_expected_bytes_are_replaced(
    subject: SharedSubject<dyn BudgetStore>,
) -> CheckResult {
    let store = subject.store();
    wrote(&*store, write("k", None, b"one")).await?;
    for stale in [
        None,
        Some(&b""[..]),
        Some(b"on"),
        Some(b"one "),
        Some(b"ONE"),
        Some(b"two"),
    ] {
        let answer = store.compare_and_swap(write("k", stale, b"three")).await?;
        same(
            &format!("a swap that expects {stale:?} while \"one\" is stored"),
            answer,
            BudgetSwapOutcome::Conflict(b"one".to_vec()),
        )?;
    }
    wrote(&*store, write("k", Some(b"one"), b"two")).await?;
    same(
        "the stored bytes after the swap",
        store.compare_and_swap(write("k", None, b"x")).await?,
        BudgetSwapOutcome::Conflict(b"two".to_vec()),
    )
}

pub(super) async fn a17_an_absent_key_meets_any_expectation(
    subject: SharedSubject<dyn BudgetStore>,
) -> CheckResult {
    let store = subject.store();
    wrote(&*store, write("forgotten", Some(b"what was there"), b"next")).await?;
    let answer = store.compare_and_swap(write("forgotten", None, b"x")).await?;
    same(
        "the stored bytes after the swap",
        answer,
        BudgetSwapOutcome::Conflict(b"next".to_vec()),
    )
}

pub(super) async fn a17_of_many_swaps_one_wins(subject: SharedSubject<dyn BudgetStore>) -> CheckResult {
    let mut before: Option<Vec<u8>> = None;
    for round in 0..ROUNDS {
        let answers = race(|caller| {
            let (store, expected) = (subject.store(), before.clone());
            async move {
                let next = format!("{round} {caller}");
                store
                    .compare_and_swap(write("k", expected.as_deref(), next.as_bytes()))
                    .await
            }
        })
        .await?;
        let winners: Vec<usize> = answers
            .iter()
            .enumerate()
            .filter_map(|(caller, answer)| (*answer == BudgetSwapOutcome::Swapped).then_some(caller))
            .collect();
        let [winner] = winners[..] else {
            return fail(format!(
                "of {CALLERS} simultaneous swaps exactly one has to succeed, but {} did",
                winners.len()
            ));
        };
        let won = format!("{round} {winner}").into_bytes();
        for answer in &answers {
            if *answer != BudgetSwapOutcome::Swapped {
                same(
                    "the bytes that a conflict reports",
                    answer,
                    &BudgetSwapOutcome::Conflict(won.clone()),
                )?;
            }
        }
        before = Some(won);
    }
    Ok(())
}

pub(super) async fn a17_many_counters_lose_nothing(subject: SharedSubject<dyn BudgetStore>) -> CheckResult {
    race(|_| count_up(subject.store())).await?;
    let answer = subject.store().compare_and_swap(write("k", None, b"")).await?;
    same(
        "the counter after all increments",
        answer,
        BudgetSwapOutcome::Conflict(CALLERS.to_string().into_bytes()),
    )
}

/// Increments the counter, and retries after each conflict.
async fn count_up(store: Arc<dyn BudgetStore>) -> Result<(), StoreError> {
    let mut known: Option<Vec<u8>> = None;
    loop {
        let number: usize = known
            .as_deref()
            .and_then(|bytes| std::str::from_utf8(bytes).ok()?.parse().ok())
            .unwrap_or(0);
        let next = (number + 1).to_string();
        match store
            .compare_and_swap(write("k", known.as_deref(), next.as_bytes()))
            .await?
        {
            BudgetSwapOutcome::Swapped => return Ok(()),
            BudgetSwapOutcome::Conflict(current) => known = Some(current),
        }
    }
}

pub(super) async fn k8_any_bytes_come_back(subject: SharedSubject<dyn BudgetStore>) -> CheckResult {
    let store = subject.store();
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let large = mixed(7, 70_000);
    let mut before: Option<&[u8]> = None;
    // Each replaces the one before. Twice the same one: an engine that counts changed rows only must not call that a conflict.
    for bytes in [
        &b"\0"[..],
        b"",
        b"",
        &all,
        &large,
        &large,
        b"a",
        b"A",
        b"A ",
        b"A\0",
        b"'; DROP TABLE x",
    ] {
        wrote(&*store, write("k", before, bytes)).await?;
        let other = [bytes, b"."].concat();
        for expected in [None, Some(&other[..])] {
            let answer = store.compare_and_swap(write("k", expected, b"next")).await?;
            same(
                &format!("{} bytes", bytes.len()),
                answer,
                BudgetSwapOutcome::Conflict(bytes.to_vec()),
            )?;
        }
        before = Some(bytes);
    }
    Ok(())
}

pub(super) async fn k8_every_key_has_bytes_of_its_own(
    subject: SharedSubject<dyn BudgetStore>,
) -> CheckResult {
    let store = subject.store();
    let mut failures = Failures::new();
    for key in ODD {
        failures.add(wrote(&*store, write(key, None, quoted(key).as_bytes())).await);
    }
    for key in ODD {
        let answer = store.compare_and_swap(write(key, None, b"")).await?;
        let expected = BudgetSwapOutcome::Conflict(quoted(key).into_bytes());
        failures.same(&format!("the bytes of {}", quoted(key)), answer, expected);
    }
    failures.end()
}

pub(super) async fn a18_budgets_are_kept_to_both_ends_of_time(
    subject: SharedSubject<dyn BudgetStore>,
) -> CheckResult {
    let store = subject.store();
    let (first, last) = (Timestamp::from_unix_micros(i64::MIN), Timestamp::MAX);
    for (key, now, idle_at) in [("ever", first, last), ("last", NOW, last), ("first", first, NOW)] {
        let at = |expected, next| BudgetWrite {
            now,
            idle_at,
            ..write(key, expected, next)
        };
        wrote(&*store, at(None, b"spent")).await?;
        let kept = BudgetSwapOutcome::Conflict(b"spent".to_vec());
        same(
            "bytes that are not idle yet",
            store.compare_and_swap(at(None, b"")).await?,
            kept,
        )?;
        wrote(&*store, at(Some(b"spent"), b"more")).await?;
    }
    Ok(())
}

pub(super) async fn a17_replicas_see_each_other(subject: SharedSubject<dyn BudgetStore>) -> CheckResult {
    let (ours, theirs) = (subject.store(), subject.replica().await?);
    wrote(&*ours, write("k", None, b"ours")).await?;
    let answer = theirs.compare_and_swap(write("k", None, b"theirs")).await?;
    same(
        "the result of the second replica's swap",
        answer,
        BudgetSwapOutcome::Conflict(b"ours".to_vec()),
    )?;
    wrote(&*theirs, write("k", Some(b"ours"), b"theirs")).await?;
    let answer = ours.compare_and_swap(write("k", Some(b"ours"), b"x")).await?;
    same(
        "the result of the first replica's swap",
        answer,
        BudgetSwapOutcome::Conflict(b"theirs".to_vec()),
    )
}

pub(super) async fn a18_what_is_not_idle_is_kept(subject: SharedSubject<dyn BudgetStore>) -> CheckResult {
    let store = subject.store();
    wrote(&*store, write("k", None, b"spent")).await?;
    for number in 0..40 {
        let key = format!("other {number}");
        let later = BudgetWrite {
            now: Timestamp::from_unix_seconds(1_778_340_150),
            idle_at: Timestamp::from_unix_seconds(1_778_343_750),
            ..write(&key, None, b"x")
        };
        wrote(&*store, later).await?;
    }
    let answer = store.compare_and_swap(write("k", None, b"")).await?;
    same(
        "the stored bytes one second before they are idle",
        answer,
        BudgetSwapOutcome::Conflict(b"spent".to_vec()),
    )?;

    // Each swap sets a new end.
    let prolonged = BudgetWrite {
        idle_at: Timestamp::from_unix_seconds(1_778_343_752),
        ..write("k", Some(b"spent"), b"prolonged")
    };
    wrote(&*store, prolonged).await?;
    for number in 0..40 {
        let key = format!("later {number}");
        let later = BudgetWrite {
            now: Timestamp::from_unix_seconds(1_778_343_751),
            idle_at: Timestamp::from_unix_seconds(1_778_350_000),
            ..write(&key, None, b"x")
        };
        wrote(&*store, later).await?;
    }
    let still = BudgetWrite {
        now: Timestamp::from_unix_seconds(1_778_343_751),
        ..write("k", None, b"")
    };
    same(
        "the stored bytes one second before their second end, and long after the first",
        store.compare_and_swap(still).await?,
        BudgetSwapOutcome::Conflict(b"prolonged".to_vec()),
    )
}

pub(super) async fn h25_keys_of_any_length_are_told_apart(
    subject: SharedSubject<dyn BudgetStore>,
) -> CheckResult {
    let store = subject.store();
    for key in long::ids() {
        let first = store.compare_and_swap(write(&key, None, b"one")).await?;
        same(&long::name(&key), first, BudgetSwapOutcome::Swapped)?;
        let second = store.compare_and_swap(write(&key, None, b"two")).await?;
        same(
            &long::name(&key),
            second,
            BudgetSwapOutcome::Conflict(b"one".to_vec()),
        )?;
    }
    Ok(())
}
