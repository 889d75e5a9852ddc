//! The store under test and its hooks.

use std::{any::Any, fmt, sync::Arc};

use revento_store::{
    BudgetStore, DeletionStore, InboxAdmin, InboxStore, Once, Sealer, TokenAdmin, TokenStore,
};

use crate::{check::BoxFuture, expect::NotPassed};

/// An error of a function that the caller gives to a suite.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How one check ended: an error when it did not pass.
pub(crate) type CheckResult = Result<(), NotPassed>;
type Hook<T> = Box<dyn Fn() -> BoxFuture<Result<T, BoxError>> + Send + Sync>;

/// An empty store to test, with its optional hooks.
pub struct Subject<S: ?Sized> {
    pub(crate) store: Arc<S>,
    pub(crate) replica: Option<Hook<Arc<S>>>,
    pub(crate) dump: Option<Hook<Vec<u8>>>,
    /// Dropped last.
    guard: Box<dyn Any + Send + Sync>,
}

impl Subject<dyn TokenStore> {
    /// Tests a token store, which has to be empty.
    pub fn tokens(store: impl TokenStore + 'static) -> Self {
        Self::new(Arc::new(store))
    }
}

impl Subject<dyn InboxStore> {
    /// Tests an inbox store, which has to be empty.
    pub fn inbox(store: impl InboxStore + 'static) -> Self {
        Self::new(Arc::new(store))
    }
}

impl Subject<dyn DeletionStore> {
    /// Tests a deletion store, which has to be empty.
    pub fn deletions(store: impl DeletionStore + 'static) -> Self {
        Self::new(Arc::new(store))
    }
}

impl Subject<dyn BudgetStore> {
    /// Tests a budget store, which has to be empty.
    pub fn budgets(store: impl BudgetStore + 'static) -> Self {
        Self::new(Arc::new(store))
    }
}

impl Subject<dyn Once> {
    /// Tests a store of use-once marks, which has to be empty.
    pub fn once(store: impl Once + 'static) -> Self {
        Self::new(Arc::new(store))
    }
}

impl Subject<dyn InboxAdmin> {
    /// Tests what operators ask of an inbox store, which has to be empty.
    pub fn inbox_admin(store: impl InboxAdmin + 'static) -> Self {
        Self::new(Arc::new(store))
    }
}

impl Subject<dyn TokenAdmin> {
    /// Tests what operators ask of a token store, which has to be empty.
    pub fn token_admin(store: impl TokenAdmin + 'static) -> Self {
        Self::new(Arc::new(store))
    }
}

impl Subject<dyn Sealer> {
    /// Tests a sealer.
    pub fn sealer(sealer: impl Sealer + 'static) -> Self {
        Self::new(Arc::new(sealer))
    }
}

impl<S: ?Sized> Subject<S> {
    /// Tests an empty store that is already in an [`Arc`].
    pub fn new(store: Arc<S>) -> Self {
        Self {
            store,
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
        F: Future<Output = Result<Arc<S>, BoxError>> + Send + 'static,
    {
        self.replica = Some(Box::new(move || Box::pin(open())));
        self
    }

    /// Sets the function that reads every byte at rest: the files of the database, or a dump of its tables.
    #[must_use]
    pub fn with_dump<F>(mut self, dump: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Vec<u8>, BoxError>> + Send + 'static,
    {
        self.dump = Some(Box::new(move || Box::pin(dump())));
        self
    }
}

impl<S: ?Sized> fmt::Debug for Subject<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("replicas", &self.replica.is_some())
            .field("dump", &self.dump.is_some())
            .finish_non_exhaustive()
    }
}
