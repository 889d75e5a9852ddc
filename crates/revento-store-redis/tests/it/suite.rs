//! The conformance suite, under a prefix of its own for each check.

use std::sync::Arc;

use redis::{AsyncCommands, Client};
use revento_store::{TokenAdmin, TokenStore};
use revento_store_testkit::{BoxError, Subject, TokenAdminSuite, TokenStoreSuite};

use crate::server;

/// Every key under the prefix, as the server would write it to its disk.
async fn dump(url: &str, prefix: &str) -> Result<Vec<u8>, BoxError> {
    let mut connection = Client::open(url)?.get_multiplexed_async_connection().await?;
    let keys: Vec<Vec<u8>> = connection.keys(format!("{{{prefix}}}:*")).await?;
    let mut all = Vec::new();
    for key in keys {
        all.extend_from_slice(&key);
        all.extend(
            redis::cmd("DUMP")
                .arg(&key)
                .query_async::<Vec<u8>>(&mut connection)
                .await?,
        );
    }
    Ok(all)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_store_suite_passes() {
    let Some(url) = server::url() else { return };
    let suite = TokenStoreSuite::new(move || {
        let url = url.clone();
        async move {
            let prefix = server::fresh();
            let store = server::options(&url, &prefix).connect().await?;
            let place = (url.clone(), prefix.clone());
            let open = move || {
                let options = server::options(&place.0, &place.1);
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn TokenStore>) }
            };
            let dump = move || {
                let (url, prefix) = (url.clone(), prefix.clone());
                async move { dump(&url, &prefix).await }
            };
            Ok(Subject::tokens(store).with_replicas(open).with_dump(dump))
        }
    });
    suite.run().await.assert_complete();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_for_operators_passes() {
    let Some(url) = server::url() else { return };
    let suite = TokenAdminSuite::new(move || {
        let url = url.clone();
        // A prefix that means something else in a pattern, beside one that it would match.
        async move {
            let prefix = server::fresh();
            let other = server::options(&url, &format!("{prefix}xx")).connect().await?;
            let stranger = revento_store_testkit::fixtures::record("evt_1", 1);
            other.create(&stranger).await?;
            let options = server::options(&url, &format!("{prefix}*"));
            let store = options.clone().connect().await?;
            let open = move || {
                let options = options.clone();
                async move { Ok(Arc::new(options.connect().await?) as Arc<dyn TokenAdmin>) }
            };
            Ok(Subject::token_admin(store).with_replicas(open))
        }
    });
    suite.run().await.assert_complete();
}
