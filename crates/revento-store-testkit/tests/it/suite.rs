//! The suite's report, and its behaviour when a store panics, hangs or cannot be made.

use std::{sync::Arc, time::Duration};

use revento_store::memory::MemoryTokens;
use revento_store_testkit::{BoxError, CheckOutcome, Subject, TokenStoreSuite};

fn memory() -> TokenStoreSuite {
    TokenStoreSuite::new(|| async { Ok(Subject::tokens(MemoryTokens::new())) })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_skipped_check_is_listed_with_its_reason() {
    let report = memory()
        .skip("k9_counters_survive_in_full_width", "counters have 63 bits here")
        .run()
        .await;
    report.assert_passed();
    assert!(
        report
            .to_string()
            .contains("skipped k9_counters_survive_in_full_width: counters have 63 bits here")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_exception_is_a_failure() {
    let report = memory().skip("k9_of_old", "long repaired").run().await;
    assert_eq!(report.failures().count(), 1);
    assert!(
        report
            .to_string()
            .contains("there is no check \"k9_of_old\" to skip"),
        "{report}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factory_that_fails_fails_every_check() {
    let suite = TokenStoreSuite::new(|| async { Err::<_, BoxError>("no server".into()) });
    let report = suite.run().await;
    assert_eq!(report.failures().count(), report.findings().len());
    assert!(
        report
            .to_string()
            .contains("the factory did not make a store: no server")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_hangs_does_not_hang_the_suite() {
    let suite = TokenStoreSuite::new(|| async {
        Ok(Subject::tokens(MemoryTokens::new()).with_replicas(std::future::pending))
    });
    let report = suite.patience(Duration::from_millis(500)).run().await;
    assert_eq!(report.failures().count(), 5, "{report}");
    assert!(report.to_string().contains("did not end within 500ms"));
}

#[tokio::test(flavor = "multi_thread")]
async fn guards_are_dropped_after_each_check() {
    let alive = Arc::new(());
    let guard = alive.clone();
    let suite = TokenStoreSuite::new(move || {
        assert_eq!(
            Arc::strong_count(&guard),
            2,
            "the guard of the check before is gone"
        );
        let subject = Subject::tokens(MemoryTokens::new()).guarded_by(guard.clone());
        async { Ok(subject) }
    });
    suite.run().await.assert_passed();
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_check_has_a_name_and_a_reason_of_its_own() {
    let report = memory().run().await;
    let mut names: Vec<_> = report.findings().iter().map(|finding| finding.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), report.findings().len());
    assert!(report.findings().iter().all(|finding| !finding.why.is_empty()));
    assert!(
        report
            .findings()
            .iter()
            .any(|finding| finding.outcome == CheckOutcome::Passed)
    );
}

#[tokio::test]
async fn one_check_can_be_run_by_itself() {
    let report = memory().only("k10_creating_never_overwrites").run().await;
    assert_eq!(report.findings().len(), 1);
    assert!(report.is_passed(), "{report}");
    let report = memory().only("k0_no_such_check").run().await;
    assert!(
        report
            .to_string()
            .contains("there is no check \"k0_no_such_check\""),
        "{report}"
    );
}
