//! Runs all checks against a store.

use std::{collections::BTreeMap, fmt, time::Duration};

use revento_core::error::chain;
use revento_store::{
    BudgetStore, DeletionStore, InboxAdmin, InboxStore, Once, Sealer, TokenAdmin, TokenStore,
};

use crate::{
    BoxError, CheckOutcome, Finding, Report, Subject, admin, budgets,
    check::{BoxFuture, Check, SharedSubject},
    deletions,
    expect::NotPassed,
    inbox, once, sealers, tokens,
};

/// The suite for token stores.
pub type TokenStoreSuite = Suite<dyn TokenStore>;
/// The suite for inbox stores.
pub type InboxStoreSuite = Suite<dyn InboxStore>;
/// The suite for deletion stores.
pub type DeletionStoreSuite = Suite<dyn DeletionStore>;
/// The suite for budget stores.
pub type BudgetStoreSuite = Suite<dyn BudgetStore>;
/// The suite for use-once marks.
pub type OnceSuite = Suite<dyn Once>;
/// The suite for what operators ask of inbox stores. Run it beside the suite for inbox stores.
pub type InboxAdminSuite = Suite<dyn InboxAdmin>;
/// The suite for what operators ask of token stores. Run it beside the suite for token stores.
pub type TokenAdminSuite = Suite<dyn TokenAdmin>;
/// The suite for sealers.
pub type SealerSuite = Suite<dyn Sealer>;

/// A store or sealer trait that has a suite. Sealed: only this crate implements it.
pub trait StoreTrait: sealed::StoreTrait {}
impl StoreTrait for dyn TokenStore {}
impl StoreTrait for dyn InboxStore {}
impl StoreTrait for dyn DeletionStore {}
impl StoreTrait for dyn BudgetStore {}
impl StoreTrait for dyn Once {}
impl StoreTrait for dyn InboxAdmin {}
impl StoreTrait for dyn TokenAdmin {}
impl StoreTrait for dyn Sealer {}

mod sealed {
    pub trait StoreTrait {
        #[doc(hidden)]
        fn checks() -> Checks<Self>;
    }

    #[expect(missing_debug_implementations, reason = "cannot be named")]
    pub struct Checks<S: ?Sized>(pub(crate) Vec<crate::check::Check<S>>);
}

impl sealed::StoreTrait for dyn TokenStore {
    fn checks() -> sealed::Checks<Self> {
        sealed::Checks(tokens::checks())
    }
}

impl sealed::StoreTrait for dyn InboxStore {
    fn checks() -> sealed::Checks<Self> {
        sealed::Checks(inbox::checks())
    }
}

impl sealed::StoreTrait for dyn DeletionStore {
    fn checks() -> sealed::Checks<Self> {
        sealed::Checks(deletions::checks())
    }
}

impl sealed::StoreTrait for dyn BudgetStore {
    fn checks() -> sealed::Checks<Self> {
        sealed::Checks(budgets::checks())
    }
}

impl sealed::StoreTrait for dyn Once {
    fn checks() -> sealed::Checks<Self> {
        sealed::Checks(once::checks())
    }
}

impl sealed::StoreTrait for dyn InboxAdmin {
    fn checks() -> sealed::Checks<Self> {
        sealed::Checks(admin::inbox_checks())
    }
}

impl sealed::StoreTrait for dyn TokenAdmin {
    fn checks() -> sealed::Checks<Self> {
        sealed::Checks(admin::token_checks())
    }
}

impl sealed::StoreTrait for dyn Sealer {
    fn checks() -> sealed::Checks<Self> {
        sealed::Checks(sealers::checks())
    }
}

type Factory<S> = Box<dyn Fn() -> BoxFuture<Result<Subject<S>, BoxError>> + Send + Sync>;

/// All checks for one trait, and the store to run them against.
pub struct Suite<S: ?Sized> {
    factory: Factory<S>,
    skipped: BTreeMap<String, String>,
    only: Option<String>,
    patience: Duration,
}

impl<S: StoreTrait + Send + Sync + ?Sized + 'static> Suite<S> {
    /// Creates a suite. `factory` has to return a new, empty store at each call.
    pub fn new<F>(factory: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Subject<S>, BoxError>> + Send + 'static,
    {
        Self {
            factory: Box::new(move || Box::pin(factory())),
            skipped: BTreeMap::new(),
            only: None,
            patience: Duration::from_secs(60),
        }
    }

    /// Skips the check with this name. The report shows the reason.
    #[must_use]
    pub fn skip(mut self, name: impl Into<String>, reason: impl Into<String>) -> Self {
        self.skipped.insert(name.into(), reason.into());
        self
    }

    /// Runs only the check with this name.
    #[must_use]
    pub fn only(mut self, name: impl Into<String>) -> Self {
        self.only = Some(name.into());
        self
    }

    /// Sets the time after which a check fails because it hangs. The default is one minute.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Runs the checks one after the other, each on a new store.
    pub async fn run(self) -> Report {
        let sealed::Checks(mut checks) = S::checks();
        if let Some(only) = &self.only {
            checks.retain(|check| check.name == only);
            if checks.is_empty() {
                return Report {
                    findings: vec![Finding {
                        name: "only",
                        why: "a misspelt name would run no check and pass",
                        outcome: CheckOutcome::Failed(format!("there is no check {only:?}")),
                    }],
                };
            }
        }
        let mut skipped = self.skipped.clone();
        let mut findings = Vec::with_capacity(checks.len());
        for check in checks {
            let outcome = match skipped.remove(check.name) {
                Some(reason) => CheckOutcome::Skipped(reason),
                None => self.run_one(&check).await,
            };
            findings.push(Finding {
                name: check.name,
                why: check.why,
                outcome,
            });
        }
        findings.extend(skipped.into_keys().map(|name| Finding {
            name: "skip",
            why: "a skip for a check that was renamed or removed has no effect",
            outcome: CheckOutcome::Failed(format!("there is no check {name:?} to skip")),
        }));
        Report { findings }
    }

    async fn run_one(&self, check: &Check<S>) -> CheckOutcome {
        let subject = match (self.factory)().await {
            Ok(subject) => SharedSubject::new(subject),
            Err(error) => {
                return CheckOutcome::Failed(format!("the factory did not make a store: {}", chain(&*error)));
            }
        };
        // A separate task contains a panic and runs on a worker thread, as the races do.
        let mut task = tokio::spawn((check.run)(subject.clone()));
        let outcome = match tokio::time::timeout(self.patience, &mut task).await {
            Ok(Ok(Ok(()))) => CheckOutcome::Passed,
            Ok(Ok(Err(NotPassed::Skipped(reason)))) => CheckOutcome::Skipped(reason.to_owned()),
            Ok(Ok(Err(NotPassed::Failed(what)))) => CheckOutcome::Failed(what),
            Ok(Err(panic)) => CheckOutcome::Failed(format!("the store panicked: {panic}")),
            Err(_) => CheckOutcome::Failed(format!("the check did not end within {:?}", self.patience)),
        };
        task.abort();
        drop(subject);
        outcome
    }
}

impl<S: ?Sized> fmt::Debug for Suite<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suite")
            .field("skipped", &self.skipped)
            .finish_non_exhaustive()
    }
}
