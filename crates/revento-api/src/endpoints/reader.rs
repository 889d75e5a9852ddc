//! Reads with one credential.

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
    pub(super) executor: Arc<Executor>,
    pub(super) options: ReadOptions,
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

    pub(super) async fn read(&self, target: &Target) -> Result<Answer, Error> {
        self.executor.read(target, &self.options).await
    }

    /// Reads, and parses the answer.
    pub(super) async fn get<T: DeserializeOwned>(&self, target: &Target) -> Result<T, Error> {
        self.read(target).await?.parse()
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}
