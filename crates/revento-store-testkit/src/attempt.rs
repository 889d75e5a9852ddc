//! Runs one check on a new store, and removes its data afterwards.

use std::{collections::BTreeMap, time::Duration};

use revento_core::error::chain;

use crate::{
    CheckOutcome,
    check::{Check, SharedSubject},
    expect::NotPassed,
    panics,
    subject::{CheckResult, Cleanup, Hook},
    suite::Factory,
};

/// How one check is run.
pub(crate) struct Attempt<'a, S: ?Sized> {
    pub(crate) factory: Factory<S>,
    pub(crate) time_limit: Duration,
    pub(crate) skipped: &'a BTreeMap<String, String>,
}

impl<S: Send + Sync + ?Sized + 'static> Attempt<'_, S> {
    pub(crate) async fn run(&self, check: &Check<S>) -> CheckOutcome {
        let factory = self.factory.clone();
        let subject = match contained(self.time_limit, async move { factory().await }).await {
            Ok(Ok(subject)) => subject,
            Ok(Err(error)) => return failed(format!("the factory did not make a store: {}", chain(&*error))),
            Err(stopped) => return failed(format!("the factory {stopped}")),
        };
        let (subject, cleanup) = SharedSubject::new(subject, self.skipped_hooks());
        // The check owns the subject: every handle is gone when the teardown begins.
        let outcome = self.outcome(contained(self.time_limit, (check.run)(subject)).await);
        match self.clean_up(cleanup).await {
            Ok(()) => outcome,
            Err(failures) => with(outcome, failures),
        }
    }

    fn skipped_hooks(&self) -> Vec<Hook> {
        let is_skipped = |hook: &Hook| self.skipped.contains_key(hook.name());
        Hook::SKIPPABLE.into_iter().filter(is_skipped).collect()
    }

    fn outcome(&self, ended: Result<CheckResult, String>) -> CheckOutcome {
        match ended {
            Ok(Ok(())) => CheckOutcome::Passed,
            Ok(Err(NotPassed::Failed(failures))) => CheckOutcome::Failed(failures),
            Ok(Err(NotPassed::MissingHook(hook))) => match self.skipped.get(hook.name()) {
                Some(because) => CheckOutcome::Skipped(because.clone()),
                None => failed(missing(hook)),
            },
            Err(stopped) => failed(format!("the check {stopped}")),
        }
    }

    /// Runs the teardowns, drops the guards, and returns what went wrong.
    async fn clean_up(&self, mut cleanup: Cleanup) -> Result<(), Vec<String>> {
        let mut failures = Vec::new();
        while let Some(teardown) = cleanup.teardowns.pop() {
            match contained(self.time_limit, async move { teardown().await }).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => failures.push(format!("the teardown failed: {}", chain(&*error))),
                Err(stopped) => failures.push(format!("the teardown {stopped}")),
            }
        }
        drop(cleanup);
        if failures.is_empty() {
            Ok(())
        } else {
            Err(failures)
        }
    }
}

/// Runs a future in a task of its own, which runs on a worker thread, as the races do.
async fn contained<T: Send + 'static>(
    time_limit: Duration,
    future: impl Future<Output = T> + Send + 'static,
) -> Result<T, String> {
    let mut task = tokio::spawn(panics::contained(future));
    match tokio::time::timeout(time_limit, &mut task).await {
        Ok(Ok(Ok(value))) => Ok(value),
        Ok(Ok(Err(panic))) => Err(format!("panicked: {panic}")),
        Ok(Err(cancelled)) => Err(format!("did not end: {cancelled}")),
        Err(_) => {
            task.abort();
            // A task that blocks its thread does not stop, and is left behind.
            let _ = tokio::time::timeout(Duration::from_secs(1), task).await;
            Err(format!("did not end within {time_limit:?}, its time limit"))
        }
    }
}

fn failed(text: String) -> CheckOutcome {
    CheckOutcome::Failed(vec![text])
}

fn with(outcome: CheckOutcome, more: Vec<String>) -> CheckOutcome {
    match outcome {
        CheckOutcome::Failed(mut failures) => {
            failures.extend(more);
            CheckOutcome::Failed(failures)
        }
        _ => CheckOutcome::Failed(more),
    }
}

fn missing(hook: Hook) -> String {
    let name = hook.name();
    format!(
        "the check did not run: it needs `Subject::{name}`. Set it, or say why the store has none: \
        `suite.skip(\"{name}\", \"because …\")`"
    )
}
