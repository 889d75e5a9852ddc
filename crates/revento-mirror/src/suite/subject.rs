//! The store under test.

use std::{any::Any, fmt, sync::Arc};

use futures_util::future::{BoxFuture, FutureExt as _};

use crate::store::MirrorStore;

/// An error of a function that the caller gives to the suite.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

type Hook<T> = Box<dyn Fn() -> BoxFuture<'static, Result<T, BoxError>> + Send + Sync>;

/// An empty store to test, with its optional hooks.
pub struct Subject {
    pub(super) store: Arc<dyn MirrorStore>,
    replica: Option<Hook<Arc<dyn MirrorStore>>>,
    dump: Option<Hook<Vec<u8>>>,
    /// Dropped last.
    guard: Box<dyn Any + Send + Sync>,
}

impl Subject {
    /// Tests a store, which has to be empty.
    pub fn new(store: impl MirrorStore + 'static) -> Self {
        Self {
            store: Arc::new(store),
            replica: None,
            dump: None,
            guard: Box::new(()),
        }
    }

    /// Drops a value after the check, such as a temporary directory or a guard that removes a schema.
    #[must_use]
    pub fn guarded_by(mut self, guard: impl Any + Send + Sync) -> Self {
        self.guard = Box::new((self.guard, guard));
        self
    }

    /// Sets the function that opens the same data again, as another replica or a restarted process would.
    #[must_use]
    pub fn with_replicas<F>(mut self, open: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Arc<dyn MirrorStore>, BoxError>> + Send + 'static,
    {
        self.replica = Some(Box::new(move || open().boxed()));
        self
    }

    /// Sets the function that reads every byte at rest: the files of the database, or a dump of its tables.
    #[must_use]
    pub fn with_dump<F>(mut self, dump: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Vec<u8>, BoxError>> + Send + 'static,
    {
        self.dump = Some(Box::new(move || dump().boxed()));
        self
    }

    /// The same data through another handle; through the same one if there is no hook.
    pub(super) async fn another(&self) -> Arc<dyn MirrorStore> {
        match &self.replica {
            Some(open) => open().await.expect("the replica hook works"),
            None => Arc::clone(&self.store),
        }
    }

    /// Every byte at rest, if there is a hook.
    pub(super) async fn bytes(&self) -> Option<Vec<u8>> {
        match &self.dump {
            Some(dump) => Some(dump().await.expect("the dump hook works")),
            None => None,
        }
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("store", &self.store)
            .field("replicas", &self.replica.is_some())
            .field("dump", &self.dump.is_some())
            .finish_non_exhaustive()
    }
}
