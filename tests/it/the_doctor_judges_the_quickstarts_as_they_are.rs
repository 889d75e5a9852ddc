//! `revento doctor` examines the platform's quickstarts, which keep everything in memory. The snapshots hold what it finds.

use std::path::Path;

use revento_doctor::{Doctor, Outcome, Report};

use crate::support::{engine, install, quickstarts};

/// Checks whose result depends on how busy the machine is.
const TIMED: [&str; 2] = ["delivery-quick-under-load", "delivery-quick-from-cold"];

#[tokio::test(flavor = "multi_thread")]
async fn express() {
    let (Some(node), Some(npm)) = (
        engine::path("REVENTO_TEST_NODE"),
        engine::path("REVENTO_TEST_NPM"),
    ) else {
        return engine::skip("Node");
    };
    let server = install::express(&npm).await;
    insta::assert_snapshot!("express", examine(&node, &server).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn flask() {
    let Some(python) = engine::path("REVENTO_TEST_PYTHON") else {
        return engine::skip("Python");
    };
    let (python, server) = install::flask(&python).await;
    insta::assert_snapshot!("flask", examine(&python, &server).await);
}

async fn examine(interpreter: &Path, server: &Path) -> String {
    let settings = quickstarts::settings(interpreter, server);
    let report = Doctor::new(settings).unwrap().run(&mut ()).await.unwrap();
    findings(&report)
}

/// A line for each check that failed, and for each that could not be done because of such a failure.
fn findings(report: &Report) -> String {
    let lines = report.results.iter().filter_map(|result| {
        let (id, severity) = (result.check.id, result.check.severity);
        match &result.outcome {
            _ if TIMED.contains(&id) => None,
            Outcome::Failed { .. } => Some(format!("failed, {severity:?}: {id}")),
            Outcome::Untestable { reason } => {
                // The rest of the reason quotes the program's own words.
                let cause = reason.split(':').next().unwrap_or_default();
                Some(format!("could not be tested: {id} ({cause})"))
            }
            _ => None,
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}
