//! A check: its name, its reason and its code.

use std::{pin::Pin, sync::Arc};

use revento_core::error::chain;

use crate::{
    expect::NotPassed,
    subject::{CheckResult, Subject},
};

pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A rule that a store has to follow.
pub(crate) struct Check<S: ?Sized> {
    pub(crate) name: &'static str,
    /// What goes wrong in production when a store fails the check.
    pub(crate) why: &'static str,
    pub(crate) run: fn(SharedSubject<S>) -> BoxFuture<CheckResult>,
}

/// The subject of one check, shared by its tasks.
pub(crate) struct SharedSubject<S: ?Sized>(Arc<Subject<S>>);

impl<S: ?Sized> Clone for SharedSubject<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S: ?Sized> SharedSubject<S> {
    pub(crate) fn new(subject: Subject<S>) -> Self {
        Self(Arc::new(subject))
    }

    pub(crate) fn store(&self) -> Arc<S> {
        self.0.store.clone()
    }

    /// Opens the same data through another handle. Skips the check if the subject has no hook for it.
    pub(crate) async fn replica(&self) -> Result<Arc<S>, NotPassed> {
        let hook = self
            .0
            .replica
            .as_ref()
            .ok_or(NotPassed::Skipped("the subject has no `with_replicas` hook"))?;
        hook()
            .await
            .map_err(|error| NotPassed::Failed(format!("the replica hook failed: {}", chain(&*error))))
    }

    /// Reads every byte at rest. Skips the check if the subject has no hook for it.
    pub(crate) async fn dump(&self) -> Result<Vec<u8>, NotPassed> {
        let hook = self
            .0
            .dump
            .as_ref()
            .ok_or(NotPassed::Skipped("the subject has no `with_dump` hook"))?;
        hook()
            .await
            .map_err(|error| NotPassed::Failed(format!("the dump hook failed: {}", chain(&*error))))
    }
}

/// Lists checks as `module::name => "why"`; the name of the function is the name of the check.
macro_rules! checks {
    ($($module:ident::$name:ident => $why:literal,)*) => {
        vec![$($crate::check::Check {
            name: stringify!($name),
            why: $why,
            run: |subject| Box::pin($module::$name(subject)),
        },)*]
    };
}

pub(crate) use checks;
