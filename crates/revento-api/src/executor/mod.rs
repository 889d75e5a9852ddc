//! Executes one read: authorized, paced, repeated where that is safe and useful (invariant C2).
//!
//! The policy is `retry`, one request is `attempt`, an answer that is no success is `refusal`. May use `auth`, `limiter`,
//! `lifecycle`, `session`, `http`, `runtime` and `error`.

mod answer;
mod attempt;
mod read;
mod refusal;
mod retry;

pub(crate) use self::answer::Answer;
pub use self::retry::Retry;

use std::sync::Arc;

use revento_core::{DeliveryId, error::chain};
use tracing::Instrument as _;

use self::read::Read;
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
    /// Reads.
    pub(crate) async fn read(&self, target: &Target, options: &ReadOptions) -> Result<Answer, Error> {
        let key = options.credential.session().map(|session| session.key());
        let span = tracing::info_span!(
            "revento.read",
            otel.name = target.template,
            url.template = target.template,
            revento.connection = key.map(tracing::field::display),
            revento.delivery_id = options.delivery_id.as_ref().map(tracing::field::display),
            revento.request_id = tracing::field::Empty,
            http.request.resend_count = tracing::field::Empty,
            error.type = tracing::field::Empty,
        );
        let read = Read::new(self, target, options);
        let result = read.run().instrument(span.clone()).await;
        if let Err(error) = &result {
            span.record("error.type", error.kind().as_str());
        }
        result
    }

    /// The platform has ended the connection. The session's error says how; `None` when a newer consent has replaced
    /// the connection meanwhile.
    async fn revoked(&self, session: &Arc<Session>, token: &CachedToken) -> Option<Error> {
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
