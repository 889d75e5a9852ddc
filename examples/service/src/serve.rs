//! Serving until told to stop.

use std::future::IntoFuture;

use futures_util::future::{FutureExt, join, join_all};
use tokio::net::TcpListener;

use crate::{Service, routes};

impl Service {
    /// Serves on all listeners until `stop` resolves, then ends cleanly: requests and webhooks in hand
    /// are finished, the database is closed.
    pub async fn serve(self, listeners: Vec<TcpListener>, stop: impl Future<Output = ()> + Send + 'static) {
        let stop = stop.shared();
        let background = [
            tokio::spawn(self.state.client.background()),
            tokio::spawn(self.housekeeper.run()),
        ];
        let router = routes::router(self.state, self.webhooks, stop.clone());
        let servers = listeners.into_iter().map(|listener| {
            axum::serve(listener, router.clone())
                .with_graceful_shutdown(stop.clone())
                .into_future()
        });
        let (results, ()) = join(join_all(servers), self.runner.run(stop.clone())).await;
        for error in results.into_iter().filter_map(Result::err) {
            tracing::error!(%error, "a listener failed");
        }
        for task in background {
            task.abort();
        }
        if let Err(error) = self.store.close().await {
            tracing::error!(%error, "the database was not closed cleanly; nothing is lost");
        }
    }
}
