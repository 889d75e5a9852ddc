//! Schemathesis sends unusual requests to every endpoint of `/openapi.json`. No answer is a 5xx, and each has a documented form.

use revento_sandbox::Sandbox;

use crate::support::platform::Platform;
use crate::support::program::run;
use crate::support::{engine, install};
use tokio::process::Command;

const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

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
    // The platform first, because the control API ends tokens.
    for paths in ["^/(api|oauth)/", "^/_sandbox/"] {
        let mut command = Command::new(&python);
        command
            .args(["-m", "schemathesis.cli", "run"])
            .arg(format!("{}/openapi.json", platform.info().auth_base))
            .args(["--include-path-regex", paths])
            .args(["--header", &bearer])
            .args(["--checks", CHECKS])
            .args(["--phases", "coverage,fuzzing"])
            .args(["--max-examples", "4", "--seed", "1", "--workers", "2"])
            .args(["--max-redirects", "0", "--request-timeout", "10"])
            .args([
                "--suppress-health-check",
                "all",
                "--warnings",
                "off",
                "--no-color",
            ])
            .current_dir(python.parent().unwrap());
        run(&mut command).await;
    }
}
