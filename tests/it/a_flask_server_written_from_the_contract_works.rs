use crate::support::{engine, foreign, install};

#[tokio::test(flavor = "multi_thread")]
async fn connects_reads_receives_and_refreshes() {
    let Some(python) = engine::path("REVENTO_TEST_PYTHON") else {
        return engine::skip("Python");
    };
    let (python, server) = install::flask(&python).await;
    foreign::run_steps(&python, &server).await;
}
