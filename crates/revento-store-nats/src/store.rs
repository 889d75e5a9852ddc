//! [`NatsStore`]: the handle to the streams.

use std::{fmt, sync::Arc};

use async_nats::{Client, jetstream::Context};

use crate::{
    deletions::DutyIndex,
    failure::Failure,
    follower::{Follower, Index},
    inbox_index::InboxIndex,
    names::Names,
    once::MarkIndex,
    setup,
    stream::{Message, Put, Stream},
    token_index::TokenIndex,
};

/// All stores on NATS. A clone is another handle to the same connection and the same indexes.
#[derive(Clone)]
pub struct NatsStore {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) prefix: String,
    pub(crate) tokens: Followed<TokenIndex>,
    pub(crate) inbox: Followed<InboxIndex>,
    /// Held by the call that leases deliveries.
    pub(crate) leasing: tokio::sync::Mutex<()>,
    pub(crate) deletions: Followed<DutyIndex>,
    pub(crate) marks: Followed<MarkIndex>,
    pub(crate) budgets: Stream,
}

/// A stream and the index of its records.
pub(crate) struct Followed<I> {
    pub(crate) stream: Stream,
    pub(crate) follower: Follower<I>,
}

impl<I: Index> Followed<I> {
    fn new(stream: Stream) -> Self {
        let follower = Follower::new();
        Self { stream, follower }
    }

    /// Makes the index as new as the stream is.
    pub(crate) async fn catch_up(&self) -> Result<(), Failure> {
        self.follower.catch_up(&self.stream).await
    }

    /// Stores a record in place of the message `expected`, or of none if that is 0, and takes it into the index. Returns its position;
    /// `None` if the last message is another one.
    pub(crate) async fn put(
        &self,
        token: &str,
        expected: u64,
        payload: Vec<u8>,
    ) -> Result<Option<u64>, Failure> {
        match self.stream.put(token, expected, payload.clone()).await? {
            Put::Stored(seq) => {
                self.follower.wrote(&Message::written(token, seq, payload))?;
                Ok(Some(seq))
            }
            Put::Conflict => Ok(None),
        }
    }
}

impl NatsStore {
    pub(crate) fn new(client: &Client, context: &Context, prefix: &str, names: &Names) -> Self {
        let stream = |of: &str| {
            Stream::new(
                client.clone(),
                context.clone(),
                setup::stream_name(prefix, of),
                setup::root(prefix, of),
                names.clone(),
            )
        };
        let inner = Inner {
            prefix: prefix.to_owned(),
            tokens: Followed::new(stream(setup::TOKENS)),
            inbox: Followed::new(stream(setup::INBOX)),
            leasing: tokio::sync::Mutex::default(),
            deletions: Followed::new(stream(setup::DELETIONS)),
            marks: Followed::new(stream(setup::MARKS)),
            budgets: stream(setup::BUDGETS),
        };
        Self {
            inner: Arc::new(inner),
        }
    }
}

impl fmt::Debug for NatsStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsStore")
            .field("prefix", &self.inner.prefix)
            .finish_non_exhaustive()
    }
}
