//! The store under test, its hooks, and what is done after a check.

use std::{any::Any, fmt, sync::Arc};

use revento_store::{
    BudgetStore, DeletionStore, InboxAdmin, InboxStore, Once, Sealer, TokenAdmin, TokenStore,
};

use crate::{check::BoxFuture, expect::NotPassed};

/// An error of a function that the caller gives to a suite.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How one check ended: an error when it did not pass.
pub(crate) type CheckResult = Result<(), NotPassed>;
pub(crate) type HookFn<T> = Box<dyn Fn() -> BoxFuture<Result<T, BoxError>> + Send + Sync>;
type Teardown = Box<dyn FnOnce() -> BoxFuture<Result<(), BoxError>> + Send + Sync>;

/// A hook of a subject that some checks need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hook {
    Replicas,
    Restart,
    Dump,
}

impl Hook {
    /// Those that a suite can skip. The checks of restarts do without [`Self::Restart`].
    pub(crate) const SKIPPABLE: [Self; 2] = [Self::Replicas, Self::Dump];

    /// The method that sets it; [`Suite::skip`](crate::Suite::skip) takes the name of a hook that it can skip.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Replicas => "with_replicas",
            Self::Restart => "with_restart",
            Self::Dump => "with_dump",
        }
    }
}

/// An empty store to test, with its hooks.
///
/// Some checks need [`with_replicas`](Self::with_replicas) or [`with_dump`](Self::with_dump). They fail without it, unless
/// the suite [skips](crate::Suite::skip) the hook and says why.
pub struct Subject<S: ?Sized> {
    pub(crate) store: Arc<S>,
    pub(crate) replica: Option<HookFn<Arc<S>>>,
    pub(crate) restart: Option<HookFn<Arc<S>>>,
    pub(crate) dump: Option<HookFn<Vec<u8>>>,
    pub(crate) cleanup: Cleanup,
}

/// What is done when a check has ended, in whatever way.
#[derive(Default)]
pub(crate) struct Cleanup {
    /// Run from the last to the first.
    pub(crate) teardowns: Vec<Teardown>,
    /// Dropped after the teardowns, from the first to the last.
    guards: Vec<Box<dyn Any + Send + Sync>>,
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
            restart: None,
            dump: None,
            cleanup: Cleanup::default(),
        }
    }

    /// Keeps a value until the check and its teardown have ended, and drops it then: a temporary directory, a process.
    #[must_use]
    pub fn guarded_by(mut self, guard: impl Any + Send + Sync) -> Self {
        self.cleanup.guards.push(Box::new(guard));
        self
    }

    /// Sets what removes the data of the check: drops its database, its schema, its keys.
    ///
    /// It runs when the check has passed, failed, panicked or exceeded its time limit. The handles of the check are dropped
    /// before. A check fails if its teardown fails. Several teardowns run one after the other, the last one first.
    ///
    /// If the factory itself fails after it has created a database, it has to remove it.
    ///
    /// ```
    /// # use revento_store::memory::MemoryTokens;
    /// # use revento_store_testkit::{BoxError, Subject, TokenStoreSuite};
    /// # async fn create_database() -> Result<String, BoxError> { Ok(String::new()) }
    /// # async fn drop_database(name: String) -> Result<(), BoxError> { Ok(()) }
    /// let suite = TokenStoreSuite::new(|| async {
    ///     let name = create_database().await?;
    ///     let store = MemoryTokens::new(); // your store, on this database
    ///     Ok(Subject::tokens(store).with_teardown(move || drop_database(name)))
    /// });
    /// ```
    #[must_use]
    pub fn with_teardown<F>(mut self, teardown: impl FnOnce() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.cleanup
            .teardowns
            .push(Box::new(move || Box::pin(teardown())));
        self
    }

    /// Sets the function that opens the same data again, as another replica or a restarted process does.
    ///
    /// Return a new handle, with a pool and caches of its own, and not a clone: a check that one replica sees what another wrote
    /// means little if both are the same one. Only an engine that a process cannot open twice has to return a clone; then set
    /// [`with_restart`](Self::with_restart) as well.
    #[must_use]
    pub fn with_replicas<F>(mut self, open: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Arc<S>, BoxError>> + Send + 'static,
    {
        self.replica = Some(Box::new(move || Box::pin(open())));
        self
    }

    /// Sets the function that ends the engine, starts it again and opens the same data, such as a server that is killed, or a copy of an
    /// embedded database's files. It is called once, and the other handles are not used after it.
    ///
    /// Without it the checks of restarts open the data through [`with_replicas`](Self::with_replicas), while the engine goes on: what
    /// it keeps in memory only, such as a table of MySQL's engine `MEMORY`, then seems to be durable.
    #[must_use]
    pub fn with_restart<F>(mut self, restart: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Arc<S>, BoxError>> + Send + 'static,
    {
        self.restart = Some(Box::new(move || Box::pin(restart())));
        self
    }

    /// Sets the function that reads every byte at rest.
    ///
    /// Everything counts that the engine writes to a disk on behalf of the store: tables and indexes, but also the write-ahead or
    /// redo log, the undo log, a binary log, snapshots, and a log of statements if it is switched on. Read the files if you can
    /// reach them. The order of the bytes does not matter.
    ///
    /// The checks search for texts as they are, in UTF-16, in hexadecimal digits, in Base64 and escaped in JSON. So
    /// the dump may also be the output of a dump tool. They do not see through compression and encryption: if the engine compresses or
    /// encrypts its files, or keeps bytes in pages that it has freed, return its rows through a query. A check fails if the dump lacks the
    /// fields that are not secret, because then it is no dump of this store.
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
            .field("restart", &self.restart.is_some())
            .field("dump", &self.dump.is_some())
            .field("teardowns", &self.cleanup.teardowns.len())
            .finish_non_exhaustive()
    }
}
