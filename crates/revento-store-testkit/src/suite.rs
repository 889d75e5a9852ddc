//! Runs all checks against a store.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;

use crate::{
    BoxError, CheckOutcome, Finding, Report, StoreTrait, Subject,
    attempt::Attempt,
    check::{BoxFuture, Check},
    subject::Hook,
    traits::checks_of,
};

pub(crate) type Factory<S> = Arc<dyn Fn() -> BoxFuture<Result<Subject<S>, BoxError>> + Send + Sync>;

/// All checks for one trait, and the store to run them against.
pub struct Suite<S: ?Sized> {
    name: String,
    factory: Factory<S>,
    skipped: BTreeMap<String, String>,
    only: Option<String>,
    time_limit: Duration,
    concurrency: usize,
}

impl<S: StoreTrait + Send + Sync + ?Sized + 'static> Suite<S> {
    /// Creates a suite. `factory` has to return a new, empty store at each call.
    pub fn new<F>(factory: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Subject<S>, BoxError>> + Send + 'static,
    {
        Self {
            name: S::NAME.to_owned(),
            factory: Arc::new(move || Box::pin(factory())),
            skipped: BTreeMap::new(),
            only: None,
            time_limit: Duration::from_secs(5 * 60),
            concurrency: 1,
        }
    }

    /// Gives the suite another name than that of its trait, such as `token_store`. Reports have it. Two suites of a trait in
    /// one [`Harness`](crate::Harness) need different names.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Skips a check, or all checks that need a hook: `with_replicas` or `with_dump`. The report shows the reason.
    ///
    /// A name that is neither a check nor a hook is a failure, so that no skip outlives its check. So is a hook that is skipped
    /// and that the subject has.
    #[must_use]
    pub fn skip(mut self, check_or_hook: impl Into<String>, because: impl Into<String>) -> Self {
        self.skipped.insert(check_or_hook.into(), because.into());
        self
    }

    /// Runs only the check with this name.
    #[must_use]
    pub fn only(mut self, check: impl Into<String>) -> Self {
        self.only = Some(check.into());
        self
    }

    /// Sets the time after which a check fails because it hangs; its factory and its teardown have the same time each. The default
    /// is five minutes: the slowest checks make thousands of durable writes, which take half a minute on a busy server.
    #[must_use]
    pub fn time_limit(mut self, time_limit: Duration) -> Self {
        self.time_limit = time_limit;
        self
    }

    /// Sets how many checks run at the same time. The default is one.
    ///
    /// Each check has a store of its own, so choose more if the stores that the factory makes do not share data: if each has a
    /// file, a schema or a prefix of its own.
    #[must_use]
    pub fn concurrency(mut self, checks: usize) -> Self {
        self.concurrency = checks.max(1);
        self
    }

    /// Runs the checks, each on a new store. The report has them in a fixed order.
    pub async fn run(self) -> Report {
        let started = Instant::now();
        let mut findings = self.mistaken_names();
        let mut checks = checks_of::<S>();
        if let Some(only) = &self.only {
            checks.retain(|check| check.name == only);
        }
        let runs: Vec<_> = checks.iter().map(|check| self.run_one(check)).collect();
        let ran: Vec<Finding> = stream::iter(runs).buffered(self.concurrency).collect().await;
        findings.splice(0..0, ran);
        Report {
            suite: self.name,
            findings,
            duration: started.elapsed(),
        }
    }

    /// A failure for each name in [`only`](Self::only) and [`skip`](Self::skip) that means nothing.
    pub(crate) fn mistaken_names(&self) -> Vec<Finding> {
        let checks = checks_of::<S>();
        let is_check = |name: &str| checks.iter().any(|check| check.name == name);
        let is_hook = |name: &str| Hook::SKIPPABLE.iter().any(|hook| hook.name() == name);
        let only = self.only.iter().filter(|name| !is_check(name));
        let only = only.map(|name| {
            let what = format!("there is no check {name:?}");
            Finding::failed("only", "a misspelt name would run no check and pass", what)
        });
        let skipped = self
            .skipped
            .keys()
            .filter(|name| !is_check(name) && !is_hook(name));
        let skipped = skipped.map(|name| {
            let what = if *name == Hook::Restart.name() {
                format!("no check needs {name:?}: remove the skip")
            } else {
                format!("there is no check and no hook {name:?} to skip")
            };
            Finding::failed(
                "skip",
                "a skip for a check that was renamed or removed has no effect",
                what,
            )
        });
        only.chain(skipped).collect()
    }

    pub(crate) async fn run_one(&self, check: &Check<S>) -> Finding {
        let started = Instant::now();
        let outcome = match self.skipped.get(check.name) {
            Some(because) => CheckOutcome::Skipped(because.clone()),
            None => {
                let attempt = Attempt {
                    factory: self.factory.clone(),
                    time_limit: self.time_limit,
                    skipped: &self.skipped,
                };
                attempt.run(check).await
            }
        };
        Finding {
            name: check.name,
            why: check.why,
            outcome,
            duration: started.elapsed(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn max_concurrency(&self) -> usize {
        self.concurrency
    }
}

impl<S: ?Sized> fmt::Debug for Suite<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suite")
            .field("name", &self.name)
            .field("skipped", &self.skipped)
            .finish_non_exhaustive()
    }
}
