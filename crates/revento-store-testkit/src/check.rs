//! One check: its name, the reason for it, and its code.

use std::{pin::Pin, sync::Arc};

use revento_core::error::chain;

use crate::{
    expect::Stop,
    subject::{Subject, Verdict},
};

pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Something that a store has to honour.
pub(crate) struct Check<S: ?Sized> {
    pub(crate) name: &'static str,
    /// What goes wrong in production otherwise.
    pub(crate) why: &'static str,
    pub(crate) run: fn(Bench<S>) -> BoxFuture<Verdict>,
}

/// What a check works with: a store that was empty, and the hooks.
pub(crate) struct Bench<S: ?Sized>(Arc<Subject<S>>);

impl<S: ?Sized> Clone for Bench<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S: ?Sized> Bench<S> {
    pub(crate) fn new(subject: Subject<S>) -> Self {
        Self(Arc::new(subject))
    }

    pub(crate) fn store(&self) -> Arc<S> {
        self.0.store.clone()
    }

    /// The same data through another handle. Skips the check where the subject has no such hook.
    pub(crate) async fn replica(&self) -> Result<Arc<S>, Stop> {
        let hook = self
            .0
            .replica
            .as_ref()
            .ok_or(Stop::Skipped("no hook opens a replica"))?;
        hook()
            .await
            .map_err(|error| Stop::Failed(format!("the replica hook failed: {}", chain(&*error))))
    }

    /// Every byte at rest. Skips the check where the subject has no such hook.
    pub(crate) async fn dump(&self) -> Result<Vec<u8>, Stop> {
        let hook = self
            .0
            .dump
            .as_ref()
            .ok_or(Stop::Skipped("no hook dumps the store"))?;
        hook()
            .await
            .map_err(|error| Stop::Failed(format!("the dump hook failed: {}", chain(&*error))))
    }
}

/// Lists checks as `module::name => "why"`; the name of the function is the name of the check.
macro_rules! checks {
    ($($module:ident::$name:ident => $why:literal,)*) => {
        vec![$($crate::check::Check {
            name: stringify!($name),
            why: $why,
            run: |bench| Box::pin($module::$name(bench)),
        },)*]
    };
}

pub(crate) use checks;
