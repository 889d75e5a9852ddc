//! Schemathesis sends unusual requests to every endpoint of `/openapi.json`. No answer is a 5xx, and each has a documented form.

use revento_sandbox::Sandbox;

use crate::support::platform::Platform;
use crate::support::program::attempt;
use crate::support::{engine, install};
use tokio::process::Command;

const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

/// How often the fuzzer is run if it crashes itself.
const ATTEMPTS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn in_the_platform_and_in_its_control() {
    let Some(python) = engine::path("REVENTO_TEST_PYTHON") else {
        return engine::skip("Python");
    };
    let python = install::python(&python, "schemathesis", "").await.0;
    let sandbox = Sandbox::builder().without_rate_limits();
    let platform = Platform::built(sandbox, "http://localhost:3000/callback").await;
    let tokens = platform.connect().await;
    let bearer = format!(
        "Authorization: Bearer {}",
        tokens["access_token"].as_str().unwrap()
    );
    // One worker: the parser of Python 3.11 crashes when two threads use it. The platform first, because the control API ends tokens.
    for paths in ["^/(api|oauth)/", "^/_sandbox/"] {
        let mut command = Command::new(&python);
        command
            .args(["-m", "schemathesis.cli", "run"])
            .arg(format!("{}/openapi.json", platform.info().auth_base))
            .args(["--include-path-regex", paths])
            // Its answer is a stream that does not end, and the fuzzer waits for the end of each answer.
            .args(["--exclude-path", "/_sandbox/listeners"])
            .args(["--header", &bearer])
            .args(["--checks", CHECKS])
            .args(["--phases", "coverage,fuzzing"])
            .args(["--max-examples", "4", "--seed", "1", "--workers", "1"])
            .args(["--max-redirects", "0", "--request-timeout", "10"])
            .args([
                "--suppress-health-check",
                "all",
                "--warnings",
                "off",
                "--no-color",
            ])
            .current_dir(python.parent().unwrap());
        fuzz(&mut command).await;
    }
}

/// Runs the fuzzer. Repeats the run if the fuzzer crashed; a finding is never repeated.
async fn fuzz(command: &mut Command) {
    for number in 1..=ATTEMPTS {
        let Err(output) = attempt(command).await else {
            return;
        };
        assert!(number < ATTEMPTS && is_crash_of_the_fuzzer(&output), "{output}");
    }
}

/// Whether a run failed only because of exceptions in the fuzzer's own code. A finding has the heading FAILURES. A server
/// that does not answer is a "Network Error", without a stack of the fuzzer.
fn is_crash_of_the_fuzzer(output: &str) -> bool {
    let crashed = output.contains("= ERRORS =") && output.contains("/hypothesis/");
    crashed && !output.contains("= FAILURES =") && !output.contains("Network Error")
}

#[test]
fn only_a_crash_of_the_fuzzer_is_repeated() {
    let crash =
        "== ERRORS ==\n__ POST /x __\nRuntime Error\n\n  File \"lib/hypothesis/internal/cache.py\", line 1\n";
    assert!(is_crash_of_the_fuzzer(crash));
    assert!(!is_crash_of_the_fuzzer(
        "== FAILURES ==\n__ GET /x __\n- Server error"
    ));
    assert!(!is_crash_of_the_fuzzer(&format!(
        "{crash}== FAILURES ==\n- Server error"
    )));
    assert!(!is_crash_of_the_fuzzer(
        "== ERRORS ==\n__ GET /x __\nNetwork Error\n\nRead timed out"
    ));
}
