use crate::support::{engine, foreign, install};

#[tokio::test(flavor = "multi_thread")]
async fn connects_reads_receives_and_refreshes() {
    let (Some(node), Some(npm)) = (
        engine::path("REVENTO_TEST_NODE"),
        engine::path("REVENTO_TEST_NPM"),
    ) else {
        return engine::skip("Node");
    };
    let server = install::express(&npm).await;
    foreign::run_steps(&node, &server).await;
}
