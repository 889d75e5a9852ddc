//! What the clients of an event and of a user have in common.

use std::sync::Arc;

use revento_core::{AccessToken, Timestamp, pacing::Remaining};

use super::reader::Reader;
use crate::{
    auth::Credential,
    error::SessionError,
    executor::{Executor, Retry},
    session::Session,
};

/// Reads over one connection.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionReader {
    pub(super) reader: Reader,
    pub(super) session: Arc<Session>,
}

impl ConnectionReader {
    pub(crate) fn new(executor: Arc<Executor>, session: Arc<Session>, retry: Retry) -> Self {
        let credential = Credential::Session(Arc::clone(&session));
        let reader = Reader::new(executor, credential, retry);
        Self { reader, session }
    }

    pub(super) async fn access_token(&self) -> Result<AccessToken, SessionError> {
        Ok(self.session.token().await?.access.clone())
    }

    pub(super) fn budget_remaining(&self) -> Option<Remaining> {
        self.reader.executor.limiter.remaining(self.session.key())
    }

    pub(super) fn ready_at(&self, calls: usize) -> Timestamp {
        self.reader.executor.limiter.ready_at(self.session.key(), calls)
    }
}

/// The methods that the clients of an event and of a user share. The client's field `connection` is a
/// [`ConnectionReader`].
macro_rules! connection_methods {
    ($client:ident) => {
        impl $client {
            /// The same client with another retry policy.
            #[must_use]
            pub fn with_retry(mut self, retry: $crate::Retry) -> Self {
                self.connection.reader.options.retry = retry;
                self
            }

            /// The same client, reading because of this webhook: spans name it beside connection and request.
            #[must_use]
            pub fn because_of(mut self, delivery_id: impl Into<revento_core::DeliveryId>) -> Self {
                self.connection.reader.options.delivery_id = Some(delivery_id.into());
                self
            }

            /// The access token itself, for requests that this SDK does not make. Ask for it before each request: it is
            /// refreshed before it expires, and a valid one costs next to nothing.
            ///
            /// # Such requests are not paced
            /// They spend the token's budgets (contract §3.6), which this client learns only from the headers of its
            /// own next answer, and they are not repeated. For any `GET` use [`raw`](Self::raw): the same credential,
            /// pacing, retries and errors, for an answer of any shape.
            ///
            /// # Errors
            /// When there is no token.
            pub async fn access_token(&self) -> Result<revento_core::AccessToken, $crate::SessionError> {
                self.connection.access_token().await
            }

            /// Any other `GET`, with the same token, pacing, retries and errors. The path begins with a slash and is
            /// relative to the API's base: `/events/evt_1/something?limit=5`. Percent-encode what comes from outside.
            ///
            /// # Errors
            /// See [`Error`](crate::Error); [`Error::InvalidRequest`](crate::Error::InvalidRequest) when the path
            /// would lead out of the API's base.
            pub async fn raw(&self, path_and_query: &str) -> Result<$crate::Raw, $crate::Error> {
                self.connection.reader.raw(path_and_query).await
            }

            /// What is left of the token's budgets, by this process's knowledge; `None` when the process has not used
            /// the token lately.
            pub fn budget_remaining(&self) -> Option<revento_core::pacing::Remaining> {
                self.connection.budget_remaining()
            }

            /// When this many more calls will have gone, behind those that already wait. An estimate: it takes the
            /// budgets for the only limit.
            pub fn calls_done_at(&self, calls: usize) -> revento_core::Timestamp {
                self.connection.ready_at(calls)
            }
        }
    };
}

pub(super) use connection_methods;
