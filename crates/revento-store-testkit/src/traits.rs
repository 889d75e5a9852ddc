//! The traits that have a suite.

use revento_store::{
    BudgetStore, DeletionStore, InboxAdmin, InboxStore, Once, Sealer, TokenAdmin, TokenStore,
};

use crate::{Suite, admin, budgets, check::Check, deletions, inbox, once, sealers, tokens};

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

pub(crate) mod sealed {
    pub trait StoreTrait {
        /// The name of the suite.
        #[doc(hidden)]
        const NAME: &'static str;

        #[doc(hidden)]
        fn checks() -> Checks<Self>;
    }

    #[expect(missing_debug_implementations, reason = "cannot be named")]
    pub struct Checks<S: ?Sized>(pub(crate) Vec<crate::check::Check<S>>);
}

pub(crate) fn checks_of<S: StoreTrait + ?Sized>() -> Vec<Check<S>> {
    S::checks().0
}

macro_rules! store_traits {
    ($($of:ident $name:literal $checks:path,)*) => {$(
        impl StoreTrait for dyn $of {}
        impl sealed::StoreTrait for dyn $of {
            const NAME: &'static str = $name;

            fn checks() -> sealed::Checks<Self> {
                sealed::Checks($checks())
            }
        }
    )*};
}

store_traits! {
    TokenStore "token_store" tokens::checks,
    InboxStore "inbox_store" inbox::checks,
    DeletionStore "deletion_store" deletions::checks,
    BudgetStore "budget_store" budgets::checks,
    Once "once" once::checks,
    InboxAdmin "inbox_admin" admin::inbox_checks,
    TokenAdmin "token_admin" admin::token_checks,
    Sealer "sealer" sealers::checks,
}
