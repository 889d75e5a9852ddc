//! One check: its name, the reason for it, and its code.

use std::{pin::Pin, sync::Arc};

use revento_core::error::chain;

use crate::{
    expect::NotPassed,
    subject::{CheckResult, Subject},
};

pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Something that a store has to honour.
pub(crate) struct Check<S: ?Sized> {
    pub(crate) name: &'static str,
    /// What goes wrong in production otherwise.
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

    /// The same data through another handle. Skips the check where the subject has no such hook.
    pub(crate) async fn replica(&self) -> Result<Arc<S>, NotPassed> {
        let hook = self
            .0
            .replica
            .as_ref()
            .ok_or(NotPassed::Skipped("no hook opens a replica"))?;
        hook()
            .await
            .map_err(|error| NotPassed::Failed(format!("the replica hook failed: {}", chain(&*error))))
    }

    /// Every byte at rest. Skips the check where the subject has no such hook.
    pub(crate) async fn dump(&self) -> Result<Vec<u8>, NotPassed> {
        let hook = self
            .0
            .dump
            .as_ref()
            .ok_or(NotPassed::Skipped("no hook dumps the store"))?;
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
