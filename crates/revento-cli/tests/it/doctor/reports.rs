//! The files of the report, and what a CI system reads.

use std::fs;

use serde_json::Value;

use super::{
    examination::{doctor, doctor_in, two_checks},
    receiver::Receiver,
};
use crate::{json::fits, support::Ended};

#[tokio::test(flavor = "multi_thread")]
async fn l7_the_json_fits_its_schema() {
    for receiver in [Receiver::good().await, Receiver::careless().await] {
        let mut arguments = vec![
            "--webhook-url",
            &receiver.url,
            "--listen",
            "0",
            "--json",
            "--patience",
            "1s",
        ];
        arguments.extend([
            "--only",
            "signature-good,signature-wrong-secret,storage",
            "--skip",
            "webview",
            "--because",
            "x",
        ]);
        let Ended { code, stdout, stderr } = doctor(&arguments).await;
        let report: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(stdout.lines().count(), 1);
        assert_eq!(code.map(i64::from), report["exit_code"].as_i64(), "{stderr}");
        fits("doctor", &report);
        let got = report["results"][1]["evidence"][0]["curl"].as_str().unwrap();
        assert!(got.starts_with("curl -i -X POST 'http://127.0.0.1:"), "{got}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_file_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::careless().await;
    let files = [
        ("--junit", "a.xml"),
        ("--sarif", "b.sarif"),
        ("--html", "c.html"),
        ("--badge", "d.svg"),
    ];
    let mut arguments = two_checks(&receiver);
    arguments.extend(files.iter().flat_map(|(option, file)| [*option, *file]));
    let Ended { code, stdout, .. } = doctor_in(folder.path(), &arguments, &[]).await;
    assert_eq!(code, Some(1), "{stdout}");
    let [junit, sarif, html, badge] =
        files.map(|(_, file)| fs::read_to_string(folder.path().join(file)).unwrap());
    assert!(
        junit.contains("<testcase name=\"signature-wrong-secret\""),
        "{junit}"
    );
    assert!(junit.contains("failures=\"1\""), "{junit}");
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "signature-wrong-secret");
    assert!(
        html.starts_with("<!DOCTYPE html>") && html.contains("Express"),
        "{html}"
    );
    assert!(badge.contains("1 failed"), "{badge}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_ci_there_are_annotations_and_a_summary() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::careless().await;
    let mut arguments = two_checks(&receiver);
    arguments.push("--ci");
    let summary = folder.path().join("summary.md");
    fs::write(&summary, "before\n").unwrap();
    let environment = [("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())];
    let Ended { code, stdout, .. } = doctor_in(folder.path(), &arguments, &environment).await;
    assert_eq!(code, Some(1), "{stdout}");
    let lines: Vec<&str> = stdout.lines().collect();
    // Between these lines GitHub takes nothing for a command.
    let token = lines[0].strip_prefix("::stop-commands::").unwrap();
    let end = lines
        .iter()
        .position(|line| *line == format!("::{token}::"))
        .unwrap();
    assert!(lines[end - 1].starts_with("FAILED: 1 of 2 checks"), "{stdout}");
    assert!(
        lines[end + 1]
            .starts_with("::error title=revento doctor%3A signature-wrong-secret (contract §4.1)::"),
        "{stdout}"
    );
    let summary = fs::read_to_string(summary).unwrap();
    assert!(
        summary.starts_with("before\n## revento doctor: failed: 1 of 2 checks"),
        "{summary}"
    );
    // With JSON, the annotations are in the other stream.
    arguments.push("--json");
    let Ended { stdout, stderr, .. } = doctor_in(folder.path(), &arguments, &[]).await;
    assert!(serde_json::from_str::<Value>(&stdout).is_ok(), "{stdout}");
    assert!(stderr.starts_with("::error title="), "{stderr}");
}
