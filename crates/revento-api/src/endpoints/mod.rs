//! The endpoints of the read API (contract §3.2), and the pages of their lists. May use `executor`, `auth`, `session`,
//! `limiter`, `url`, `runtime` and `error`.

mod bookmark;
mod connection;
mod event;
mod installations;
mod items;
mod list;
mod pages;
mod raw;
mod user;

pub(crate) use self::connection::ConnectionReader;
pub use self::{
    bookmark::{Bookmark, ParseBookmarkError},
    event::{EventClient, Participants},
    installations::Installations,
    items::Items,
    list::{List, Progress},
    pages::Pages,
    raw::Raw,
    user::UserClient,
};

use std::{fmt, sync::Arc};

use serde::de::DeserializeOwned;

use crate::{
    auth::Credential,
    error::Error,
    executor::{Answer, Executor, ReadOptions, Retry, Target},
};

/// Reads with one credential. Clones share the executor.
#[derive(Clone)]
pub(crate) struct Reader {
    executor: Arc<Executor>,
    options: ReadOptions,
}

impl Reader {
    pub(crate) fn new(executor: Arc<Executor>, credential: Credential, retry: Retry) -> Self {
        let delivery_id = None;
        Self {
            executor,
            options: ReadOptions {
                credential,
                retry,
                delivery_id,
            },
        }
    }

    async fn read(&self, target: &Target) -> Result<Answer, Error> {
        self.executor.read(target, &self.options).await
    }

    /// Reads, and parses the answer.
    async fn get<T: DeserializeOwned>(&self, target: &Target) -> Result<T, Error> {
        self.read(target).await?.parse()
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}
