//! What all reads of a client use, and what describes one read.

use std::sync::Arc;

use revento_core::{DeliveryId, error::chain};

use super::retry::Retry;
use crate::{
    auth::Credential,
    error::Error,
    http::{HttpClient, advisories::Advisories},
    lifecycle::Lifecycle,
    limiter::Limiter,
    runtime::Runtime,
    session::{CachedToken, Session},
};

/// Executes the reads of a client.
pub(crate) struct Executor {
    pub(crate) api_base: String,
    pub(crate) http: HttpClient,
    pub(crate) limiter: Arc<Limiter>,
    pub(crate) lifecycle: Arc<Lifecycle>,
    pub(crate) advisories: Arc<Advisories>,
    pub(crate) runtime: Runtime,
}

/// What to read.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// The path with names in place of ids (OpenTelemetry's `url.template`).
    pub(crate) template: &'static str,
    /// The path, which begins with a slash, and the query.
    pub(crate) path_and_query: String,
}

/// How to read.
#[derive(Debug, Clone)]
pub(crate) struct ReadOptions {
    pub(crate) credential: Credential,
    pub(crate) retry: Retry,
    /// The webhook that made the program read, for spans.
    pub(crate) delivery_id: Option<DeliveryId>,
}

impl Executor {
    /// The platform has ended the connection. The session's error says how; `None` when a newer consent has replaced
    /// the connection meanwhile.
    pub(super) async fn revoked(&self, session: &Arc<Session>, token: &CachedToken) -> Option<Error> {
        let ended = self
            .lifecycle
            .token_revoked(session.key(), token.generation)
            .await;
        if let Err(error) = ended {
            tracing::error!(connection = %session.key(), error = %chain(&error),
                "the end of a connection cannot be stored");
        }
        session.token().await.err().map(Error::from)
    }
}
