//! The checks as the tests of a test binary.

use std::{ffi::OsString, fs, process::ExitCode, sync::Arc};

use revento_store::{
    InboxAdmin, TokenAdmin,
    memory::{MemoryInbox, MemoryTokens},
};
use revento_store_testkit::{Harness, InboxAdminSuite, Subject, TokenAdminSuite, TokenStoreSuite};
use tempfile::TempDir;

/// Two suites that pass, and a third that fails and skips.
fn harness() -> Harness {
    let token_admin = TokenAdminSuite::new(|| async {
        let store: Arc<dyn TokenAdmin> = Arc::new(MemoryTokens::new());
        let same = store.clone();
        Ok(Subject::new(store).with_replicas(move || std::future::ready(Ok(same.clone()))))
    });
    let inbox_admin = InboxAdminSuite::new(|| async {
        let store: Arc<dyn InboxAdmin> = Arc::new(MemoryInbox::new());
        let same = store.clone();
        Ok(Subject::new(store).with_replicas(move || std::future::ready(Ok(same.clone()))))
    });
    let tokens = TokenStoreSuite::new(|| async { Ok(Subject::tokens(MemoryTokens::new())) });
    let tokens = tokens
        .named("incomplete")
        .skip("with_replicas", "one process is enough")
        .skip("k9_of_old", "long repaired");
    Harness::new().suite(token_admin).suite(inbox_admin).suite(tokens)
}

struct Run {
    code: ExitCode,
    output: String,
    /// Absent if the tests were only listed.
    reports: Option<serde_json::Value>,
    _directory: TempDir,
}

/// Runs the harness as a process with these arguments does.
fn run(harness: Harness, args: &[&str]) -> Run {
    let directory = tempfile::tempdir().unwrap();
    let (log, report) = (directory.path().join("log"), directory.path().join("report"));
    let mut all: Vec<OsString> = vec!["conformance".into()];
    all.extend(args.iter().map(Into::into));
    all.extend(["--logfile".into(), log.clone().into()]);
    all.extend(["--report".into(), report.clone().into()]);
    let code = harness.run_with_args(all);
    let reports = fs::read_to_string(report).ok();
    Run {
        code,
        output: fs::read_to_string(log).unwrap_or_default(),
        reports: reports.map(|json| serde_json::from_str(&json).unwrap()),
        _directory: directory,
    }
}

fn has_failed(code: ExitCode) -> bool {
    format!("{code:?}") != format!("{:?}", ExitCode::SUCCESS)
}

#[test]
fn the_name_of_a_check_selects_it() {
    let check = "token_admin::every_client_is_listed_once";
    let run = run(harness(), &["--exact", check]);
    assert!(!has_failed(run.code), "{}", run.output);
    assert!(run.output.contains("running 1 test"), "{}", run.output);
    let reports = run.reports.unwrap();
    assert_eq!(reports[0]["suite"], "token_admin");
    assert_eq!(reports[0]["checks"][0]["name"], "every_client_is_listed_once");
    assert_eq!(reports[0]["checks"][0]["outcome"], "passed");
    assert_eq!(reports[1]["checks"].as_array().unwrap().len(), 0);
}

#[test]
fn a_part_of_a_name_selects_several() {
    let run = run(harness(), &["_admin::", "--test-threads", "3"]);
    assert!(!has_failed(run.code), "{}", run.output);
    let reports = run.reports.unwrap();
    for suite in 0..2 {
        assert_eq!(
            (&reports[suite]["failed"], &reports[suite]["skipped"]),
            (&0.into(), &0.into())
        );
        assert!(reports[suite]["passed"].as_u64().unwrap() > 1);
    }
    assert!(
        run.output.contains("0 failed, 0 skipped (slowest: "),
        "{}",
        run.output
    );
}

#[test]
fn a_failed_check_is_a_failed_test_and_a_skipped_one_is_ignored_with_its_reason() {
    let run = run(harness(), &["incomplete::", "--report-time"]);
    assert!(has_failed(run.code));
    let missing = "incomplete::k21_no_plaintext_is_at_rest";
    assert!(
        run.output.contains(&format!("---- {missing} ----")),
        "{}",
        run.output
    );
    assert!(
        run.output.contains("it needs `Subject::with_dump`"),
        "{}",
        run.output
    );
    assert!(
        run.output.contains("ignored (one process is enough)"),
        "{}",
        run.output
    );
    assert!(
        run.output
            .contains("there is no check and no hook \"k9_of_old\" to skip"),
        "{}",
        run.output
    );
    assert!(
        run.output.contains(" s  k10_creating_never_overwrites"),
        "{}",
        run.output
    );
    let reports = run.reports.unwrap();
    assert_eq!(reports[2]["failed"], 2);
}

#[test]
fn listing_runs_nothing() {
    let run = run(harness(), &["--list"]);
    assert!(!has_failed(run.code));
    assert!(run.reports.is_none());
    let names: Vec<&str> = run.output.lines().collect();
    assert!(
        names.contains(&"token_admin::every_client_is_listed_once: test"),
        "{names:?}"
    );
    assert!(
        names.contains(&"incomplete::k10_creating_never_overwrites: test"),
        "{names:?}"
    );
}

#[test]
fn without_a_suite_it_succeeds() {
    let run = run(Harness::new(), &[]);
    assert!(!has_failed(run.code), "{}", run.output);
    assert!(run.output.contains("running 0 tests"), "{}", run.output);
}
