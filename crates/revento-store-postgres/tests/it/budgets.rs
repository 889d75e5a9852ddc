//! Budgets that nobody uses any more.

use revento_core::Timestamp;
use revento_store::{BudgetStore, BudgetSwapOutcome, BudgetWrite};

use crate::server;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_778_336_551);

fn write<'a>(expected: Option<&'a [u8]>, next: &'a [u8]) -> BudgetWrite<'a> {
    BudgetWrite {
        key: "client/evt_1/\"odd\" %é",
        expected,
        next,
        now: NOW,
        idle_at: Timestamp::from_unix_seconds(1_778_340_151),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a18_what_is_idle_is_forgotten() {
    let Some(url) = server::url() else { return };
    let store = server::connect(&url, &server::fresh()).await;
    assert_eq!(
        store.compare_and_swap(write(None, b"one")).await.unwrap(),
        BudgetSwapOutcome::Swapped
    );
    let much_later = BudgetWrite {
        key: "another",
        now: Timestamp::from_unix_seconds(1_778_340_152),
        ..write(None, b"x")
    };
    assert_eq!(
        store.compare_and_swap(much_later).await.unwrap(),
        BudgetSwapOutcome::Swapped
    );
    assert_eq!(
        store.compare_and_swap(write(None, b"again")).await.unwrap(),
        BudgetSwapOutcome::Swapped
    );
}
