//! The suite's report, and its behaviour when a store panics, hangs or cannot be made.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use revento_store::{TokenStore, memory::MemoryTokens};
use revento_store_testkit::{BoxError, CheckOutcome, Report, Subject, TokenStoreSuite};

const NO_DUMP: &str = "memory is not at rest";

fn subject() -> Subject<dyn TokenStore> {
    let store: Arc<dyn TokenStore> = Arc::new(MemoryTokens::new());
    let same = store.clone();
    Subject::new(store).with_replicas(move || std::future::ready(Ok(same.clone())))
}

fn memory() -> TokenStoreSuite {
    TokenStoreSuite::new(|| async { Ok(subject()) }).skip("with_dump", NO_DUMP)
}

/// The failures of a suite of one check.
async fn failures(suite: TokenStoreSuite) -> Vec<String> {
    let report = suite.run().await;
    match &report.findings()[0].outcome {
        CheckOutcome::Failed(failures) => failures.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_skipped_check_is_listed_with_its_reason() {
    let report = memory()
        .skip("k9_counters_survive_in_full_width", "counters have 63 bits here")
        .run()
        .await;
    report.assert_passed();
    let skipped: Vec<_> = report
        .skipped()
        .map(|(finding, because)| (finding.name, because))
        .collect();
    assert_eq!(
        skipped,
        [
            ("k9_counters_survive_in_full_width", "counters have 63 bits here"),
            ("k21_no_plaintext_is_at_rest", NO_DUMP),
        ]
    );
    let text = report.to_string();
    assert!(text.contains("skipped k9_counters_survive_in_full_width: counters have 63 bits here"));
    assert!(text.contains("0 failed, 2 skipped"), "{text}");
    let complete = std::panic::catch_unwind(|| report.assert_complete());
    assert!(complete.is_err(), "a skipped check is not complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_hook_is_a_failure() {
    let suite = TokenStoreSuite::new(|| async { Ok(Subject::tokens(MemoryTokens::new())) });
    let report = suite.skip("with_dump", NO_DUMP).run().await;
    assert!(!report.is_passed());
    for failure in report.failures() {
        let text = failure.to_string();
        assert!(
            text.contains("`suite.skip(\"with_replicas\", \"because …\")`"),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_skipped_hook_that_is_there_is_a_failure() {
    let suite = memory().skip("with_replicas", "there is one replica only");
    let failures = failures(suite.only("k17_replicas_race_as_callers_do")).await;
    assert!(
        failures[0].contains("the subject has this hook: remove the skip"),
        "{failures:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_exception_is_a_failure() {
    let report = memory().skip("k9_of_old", "long repaired").run().await;
    assert_eq!(report.failures().count(), 1);
    assert!(
        report
            .to_string()
            .contains("there is no check and no hook \"k9_of_old\" to skip"),
        "{report}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_no_check_needs_cannot_be_skipped() {
    let suite = memory().skip("with_restart", "no engine");
    let report = suite.only("k10_creating_never_overwrites").run().await;
    let text = report.to_string();
    assert!(
        text.contains("no check needs \"with_restart\": remove the skip"),
        "{text}"
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

#[derive(Debug, thiserror::Error)]
#[error("the server does not answer")]
struct NoAnswer(#[source] std::io::Error);

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_shown_with_its_causes() {
    let no_answer = || {
        Box::new(NoAnswer(std::io::Error::other(
            "relation \"tokens\" does not exist",
        ))) as BoxError
    };
    let chain = "the server does not answer: relation \"tokens\" does not exist";
    let only = "k17_replicas_race_as_callers_do";

    let factory = TokenStoreSuite::new(move || async move { Err(no_answer()) });
    assert_eq!(
        failures(factory.only(only)).await,
        [format!("the factory did not make a store: {chain}")]
    );

    let hook = TokenStoreSuite::new(move || async move {
        Ok(Subject::tokens(MemoryTokens::new()).with_replicas(move || std::future::ready(Err(no_answer()))))
    });
    assert_eq!(
        failures(hook.only(only)).await,
        [format!("the hook `with_replicas` failed: {chain}")]
    );

    let teardown = TokenStoreSuite::new(move || async move {
        Ok(subject().with_teardown(move || std::future::ready(Err(no_answer()))))
    });
    assert_eq!(
        failures(teardown.only(only)).await,
        [format!("the teardown failed: {chain}")]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_shown_with_its_text_and_its_place() {
    let only = "k17_replicas_race_as_callers_do";
    let line = line!() + 1;
    let factory = TokenStoreSuite::new(|| async { panic!("no server") });
    let texts = failures(factory.only(only)).await;
    let place = format!("the factory panicked: no server (at {}:{line}:", file!());
    assert!(texts.len() == 1 && texts[0].starts_with(&place), "{texts:?}");
    let check = TokenStoreSuite::new(|| async {
        Ok(Subject::tokens(MemoryTokens::new()).with_replicas(|| async { panic!("no replica {}", 2) }))
    });
    let texts = failures(check.only(only)).await;
    let place = format!("the check panicked: no replica 2 (at {}:", file!());
    assert!(texts.len() == 1 && texts[0].starts_with(&place), "{texts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_hangs_does_not_hang_the_suite() {
    let suite = TokenStoreSuite::new(|| async {
        Ok(Subject::tokens(MemoryTokens::new()).with_replicas(std::future::pending))
    });
    let suite = suite.only("k17_replicas_race_as_callers_do");
    let failures = failures(suite.time_limit(Duration::from_millis(500))).await;
    assert_eq!(failures, ["the check did not end within 500ms, its time limit"]);
}

/// Counts the stores that exist, and notes when the data of one is removed.
#[derive(Debug, Default)]
struct World {
    guards: Arc<()>,
    databases: AtomicUsize,
}

impl World {
    /// A store that hangs in its second handle, panics there, or passes.
    fn subject(self: &Arc<Self>, behaviour: &'static str) -> Subject<dyn TokenStore> {
        self.databases.fetch_add(1, Ordering::SeqCst);
        let world = self.clone();
        let store: Arc<dyn TokenStore> = Arc::new(MemoryTokens::new());
        let same = store.clone();
        let handles = Arc::downgrade(&store);
        let open = move || {
            let same = same.clone();
            async move {
                match behaviour {
                    "hangs" => std::future::pending().await,
                    "panics" => panic!("no replica"),
                    "fails" => Err("no replica".into()),
                    _ => Ok(same),
                }
            }
        };
        Subject::new(store)
            .with_replicas(open)
            .guarded_by(self.guards.clone())
            .with_teardown(move || async move {
                assert!(
                    handles.upgrade().is_none(),
                    "every handle is dropped before the teardown"
                );
                assert_eq!(
                    Arc::strong_count(&world.guards),
                    2,
                    "the guard is dropped after the teardown"
                );
                world.databases.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_teardown_runs_however_the_check_ends() {
    for (behaviour, failure) in [
        ("passes", None),
        ("fails", Some("the hook `with_replicas` failed: no replica")),
        ("panics", Some("the check panicked: no replica")),
        ("hangs", Some("the check did not end within 1s, its time limit")),
    ] {
        let world = Arc::new(World::default());
        let of_suite = world.clone();
        let suite = TokenStoreSuite::new(move || {
            let subject = of_suite.subject(behaviour);
            async move { Ok(subject) }
        });
        let suite = suite
            .only("k17_replicas_race_as_callers_do")
            .time_limit(Duration::from_secs(1));
        let report = suite.run().await;
        match (&report.findings()[0].outcome, failure) {
            (CheckOutcome::Passed, None) => {}
            (CheckOutcome::Failed(texts), Some(text)) if texts.len() == 1 => {
                assert!(texts[0].starts_with(text), "{behaviour}: {texts:?}");
            }
            (other, _) => panic!("{behaviour}: {other:?}"),
        }
        assert_eq!(world.databases.load(Ordering::SeqCst), 0, "{behaviour}");
        assert_eq!(Arc::strong_count(&world.guards), 1, "{behaviour}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_teardown_that_hangs_is_reported() {
    let suite = TokenStoreSuite::new(|| async { Ok(subject().with_teardown(std::future::pending)) });
    let suite = suite.only("k10_creating_never_overwrites");
    let failures = failures(suite.time_limit(Duration::from_millis(500))).await;
    assert_eq!(
        failures,
        ["the teardown did not end within 500ms, its time limit"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_checks_run_at_once_as_the_suite_allows() {
    let running = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let (inside, seen) = (running.clone(), most.clone());
    let suite = TokenStoreSuite::new(move || {
        let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
        seen.fetch_max(now, Ordering::SeqCst);
        let inside = inside.clone();
        let leave = move || {
            inside.fetch_sub(1, Ordering::SeqCst);
            std::future::ready(Ok(()))
        };
        std::future::ready(Ok(subject().with_teardown(leave)))
    });
    let one_by_one = memory().run().await;
    let report = suite.skip("with_dump", NO_DUMP).concurrency(3).run().await;
    report.assert_passed();
    assert_eq!(
        (running.load(Ordering::SeqCst), most.load(Ordering::SeqCst)),
        (0, 3)
    );
    let names = |report: &Report| {
        report
            .findings()
            .iter()
            .map(|finding| finding.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&report), names(&one_by_one), "the order is the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_is_also_in_json() {
    let report = memory()
        .named("memory")
        .skip("k9_counters_survive_in_full_width", "why not")
        .run()
        .await;
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["suite"], "memory");
    assert_eq!((&json["failed"], &json["skipped"]), (&0.into(), &2.into()));
    let checks = json["checks"].as_array().unwrap();
    assert_eq!(checks.len(), report.findings().len());
    let of = |name: &str| checks.iter().find(|check| check["name"] == name).unwrap();
    assert_eq!(of("k9_counters_survive_in_full_width")["because"], "why not");
    let passed = of("k10_creating_never_overwrites");
    assert_eq!(passed["outcome"], "passed");
    assert!(passed["seconds"].as_f64().unwrap() > 0.0);
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
