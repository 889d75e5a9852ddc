//! A check: its name, its reason and its code.

use std::{pin::Pin, sync::Arc};

use revento_core::error::chain;

use crate::{
    expect::{NotPassed, fail},
    subject::{CheckResult, Cleanup, Hook, HookFn, Subject},
};

pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A rule that a store has to follow.
pub(crate) struct Check<S: ?Sized> {
    pub(crate) name: &'static str,
    /// What goes wrong in production when a store fails the check.
    pub(crate) why: &'static str,
    pub(crate) run: fn(SharedSubject<S>) -> BoxFuture<CheckResult>,
}

/// Two handles to the same data: the one that wrote last, and the other one.
pub(crate) type Handles<'a, S> = (&'a S, &'a S);

/// The subject of one check, shared by its tasks.
pub(crate) struct SharedSubject<S: ?Sized>(Arc<Hooks<S>>);

struct Hooks<S: ?Sized> {
    store: Arc<S>,
    replica: Option<HookFn<Arc<S>>>,
    restart: Option<HookFn<Arc<S>>>,
    dump: Option<HookFn<Vec<u8>>>,
    /// The hooks that the suite skips.
    skipped: Vec<Hook>,
}

impl<S: ?Sized> Clone for SharedSubject<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S: ?Sized> SharedSubject<S> {
    /// Also returns what has to be done after the check.
    pub(crate) fn new(subject: Subject<S>, skipped: Vec<Hook>) -> (Self, Cleanup) {
        let Subject {
            store,
            replica,
            restart,
            dump,
            cleanup,
        } = subject;
        let hooks = Hooks {
            store,
            replica,
            restart,
            dump,
            skipped,
        };
        (Self(Arc::new(hooks)), cleanup)
    }

    pub(crate) fn store(&self) -> Arc<S> {
        self.0.store.clone()
    }

    /// Opens the same data through another handle.
    pub(crate) async fn replica(&self) -> Result<Arc<S>, NotPassed> {
        self.ask(Hook::Replicas, self.0.replica.as_ref()).await
    }

    /// Opens the same data after a restart of the engine, or through another handle if the subject cannot restart it.
    pub(crate) async fn reopened(&self) -> Result<Arc<S>, NotPassed> {
        match &self.0.restart {
            Some(restart) => self.ask(Hook::Restart, Some(restart)).await,
            None => self.replica().await,
        }
    }

    /// Reads every byte at rest.
    pub(crate) async fn dump(&self) -> Result<Vec<u8>, NotPassed> {
        self.ask(Hook::Dump, self.0.dump.as_ref()).await
    }

    async fn ask<T>(&self, hook: Hook, set: Option<&HookFn<T>>) -> Result<T, NotPassed> {
        let (ask, name) = (set.ok_or(NotPassed::MissingHook(hook))?, hook.name());
        if self.0.skipped.contains(&hook) {
            return fail(format!(
                "the suite skips `{name}`, but the subject has this hook: remove the skip"
            ));
        }
        match ask().await {
            Ok(answer) => Ok(answer),
            Err(error) => fail(format!("the hook `{name}` failed: {}", chain(&*error))),
        }
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
