//! The suite finds each fault of a faulty budget store.

use std::{collections::HashMap, sync::Mutex};

use async_trait::async_trait;
use revento_store::{BudgetStore, BudgetSwapOutcome, BudgetWrite, StoreError};
use revento_store_testkit::{BudgetStoreSuite, Subject};

/// How a store can be wrong.
#[derive(Debug, Clone, Copy)]
enum Wrong {
    /// The last writer wins.
    Overwrites,
    /// Looks first, writes later, and lets others in between.
    Races,
    /// Insists on what it has forgotten.
    Insists,
    KeysWithoutCase,
    KeysTrimmed,
    BytesWithoutCase,
    BytesUpTo65535,
    /// No bytes are taken for an absent key.
    EmptyIsAbsent,
    /// As an engine that counts changed rows only.
    SameIsConflict,
    /// Computes how long to keep the bytes in a 64-bit number.
    OverflowsAtTheEnd,
}

#[derive(Debug)]
struct Broken(Wrong, Mutex<HashMap<String, Vec<u8>>>);

#[async_trait]
impl BudgetStore for Broken {
    async fn compare_and_swap(&self, write: BudgetWrite<'_>) -> Result<BudgetSwapOutcome, StoreError> {
        let key = match self.0 {
            Wrong::KeysWithoutCase => write.key.to_lowercase(),
            Wrong::KeysTrimmed => write.key.trim_end().to_owned(),
            _ => write.key.to_owned(),
        };
        let write = BudgetWrite { key: &key, ..write };
        let lifetime = write.idle_at.unix_micros().wrapping_sub(write.now.unix_micros());
        if matches!(self.0, Wrong::OverflowsAtTheEnd) && lifetime < 0 {
            return Ok(BudgetSwapOutcome::Swapped);
        }
        let seen = self.1.lock().unwrap().get(write.key).cloned();
        let races = matches!(self.0, Wrong::Races);
        if races {
            tokio::task::yield_now().await;
        }
        let mut budgets = self.1.lock().unwrap();
        let current = if races {
            seen
        } else {
            budgets.get(write.key).cloned()
        };
        match (self.0, current) {
            (Wrong::Overwrites, _) => {}
            (Wrong::Insists, None) if write.expected.is_some() => {
                return Ok(BudgetSwapOutcome::Conflict(Vec::new()));
            }
            (Wrong::EmptyIsAbsent, Some(current)) if current.is_empty() => {}
            (Wrong::BytesWithoutCase, Some(current))
                if write
                    .expected
                    .is_some_and(|expected| expected.eq_ignore_ascii_case(&current)) => {}
            (Wrong::SameIsConflict, Some(current)) if current == write.next => {
                return Ok(BudgetSwapOutcome::Conflict(current));
            }
            (_, Some(current)) if write.expected != Some(&current) => {
                return Ok(BudgetSwapOutcome::Conflict(current));
            }
            _ => {}
        }
        let cut = if matches!(self.0, Wrong::BytesUpTo65535) {
            65_535
        } else {
            usize::MAX
        };
        budgets.insert(
            write.key.to_owned(),
            write.next[..write.next.len().min(cut)].to_vec(),
        );
        Ok(BudgetSwapOutcome::Swapped)
    }
}

async fn failures(wrong: Wrong) -> Vec<&'static str> {
    let suite =
        BudgetStoreSuite::new(move || async move { Ok(Subject::budgets(Broken(wrong, Mutex::default()))) });
    let report = suite
        .skip("with_replicas", "the fault is in one store")
        .run()
        .await;
    let failed = report.failures();
    failed.map(|finding| finding.name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a17_a_store_that_overwrites_is_found() {
    let failures = failures(Wrong::Overwrites).await;
    assert!(
        failures.contains(&"a17_only_the_expected_bytes_are_replaced"),
        "{failures:?}"
    );
    assert!(failures.contains(&"a17_of_many_swaps_one_wins"), "{failures:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a17_a_store_that_is_not_atomic_is_found() {
    let failures = failures(Wrong::Races).await;
    assert!(failures.contains(&"a17_of_many_swaps_one_wins"), "{failures:?}");
    assert!(
        !failures.contains(&"a17_only_the_expected_bytes_are_replaced"),
        "{failures:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a17_a_store_that_insists_on_what_it_forgot_is_found() {
    assert_eq!(
        failures(Wrong::Insists).await,
        ["a17_an_absent_key_meets_any_expectation"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_every_altered_key_and_byte_is_found() {
    for (wrong, check) in [
        (Wrong::KeysWithoutCase, "k8_every_key_has_bytes_of_its_own"),
        (Wrong::KeysTrimmed, "k8_every_key_has_bytes_of_its_own"),
        (
            Wrong::BytesWithoutCase,
            "a17_only_the_expected_bytes_are_replaced",
        ),
        (Wrong::BytesUpTo65535, "k8_any_bytes_come_back"),
        (Wrong::EmptyIsAbsent, "k8_any_bytes_come_back"),
        (Wrong::SameIsConflict, "k8_any_bytes_come_back"),
        (
            Wrong::OverflowsAtTheEnd,
            "a18_budgets_are_kept_to_both_ends_of_time",
        ),
    ] {
        let failures = failures(wrong).await;
        assert!(
            failures.contains(&check),
            "{wrong:?} has to fail {check}, and failed {failures:?}"
        );
    }
}
