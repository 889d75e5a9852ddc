//! One budget for many replicas.

use std::sync::Arc;

use revento_store::BudgetStore;
use revento_store_testkit::{BudgetStoreSuite, Subject};

use crate::server;

#[tokio::test(flavor = "multi_thread")]
async fn a17_the_budget_store_suite_passes() {
    let Some(url) = server::url() else { return };
    let suite = BudgetStoreSuite::new(move || {
        let url = url.clone();
        async move {
            let name = server::fresh();
            let store = server::options(&url, &name).connect().await?;
            let open = move || {
                let options = server::options(&url, &name);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn BudgetStore>) }
            };
            Ok(Subject::budgets(store).with_replicas(open))
        }
    });
    suite.run().await.assert_complete();
}
