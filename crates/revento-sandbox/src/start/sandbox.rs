//! A running sandbox.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::{Router, http};
use tokio::task::JoinHandle;
use tower::ServiceExt as _;

use super::info::SandboxInfo;
use crate::http::HangUp;
use crate::runtime::Runtime;

/// How long requests that are in progress may take at shutdown.
const GRACE: Duration = Duration::from_secs(3);

/// A running sandbox.
///
/// Dropping it stops it too, without waiting for requests in progress. `Debug` shows its [`SandboxInfo`], without secrets.
pub struct Sandbox {
    pub(super) info: SandboxInfo,
    pub(super) runtime: Arc<Runtime>,
    pub(super) router: Router,
    pub(super) servers: Vec<JoinHandle<()>>,
    pub(super) dispatcher: Option<JoinHandle<()>>,
    pub(super) writer: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Addresses and credentials.
    pub fn info(&self) -> &SandboxInfo {
        &self.info
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Stops the sandbox: finishes requests in progress, writes the state to the data file, and releases port and file.
    pub async fn shutdown(mut self) {
        if let Err(error) = self.runtime.stop().await {
            tracing::error!(%error, "the last changes were not written to the data file");
        }
        for task in self.servers.iter_mut().chain(&mut self.dispatcher) {
            if tokio::time::timeout(GRACE, &mut *task).await.is_err() {
                task.abort();
            }
        }
        let writer = self.writer.take();
        // The runtime owns the journal. When its last handle is dropped, the writer closes the file and ends.
        drop(self);
        if let Some(writer) = writer {
            let _ = tokio::time::timeout(GRACE, writer).await;
        }
    }

    /// Answers one request as the server would. `None` means that the server would close the connection without an
    /// answer, because a fault says so.
    pub async fn answer(&self, request: http::Request<Bytes>) -> Option<http::Response<Bytes>> {
        let answered: Result<_, Infallible> = self.router.clone().oneshot(request.map(Body::from)).await;
        let Ok(response) = answered;
        if response.extensions().get::<HangUp>().is_some() {
            return None;
        }
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.ok()?;
        Some(http::Response::from_parts(parts, body))
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.runtime.stopping.send_replace(true);
        for task in self.servers.iter().chain(&self.dispatcher) {
            task.abort();
        }
    }
}
