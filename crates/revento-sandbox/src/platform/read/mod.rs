//! Contract section 3: who may read, how often, and what is answered.

pub(crate) mod access;
pub(crate) mod budgets;
pub(crate) mod pages;
pub(crate) mod snapshot;
pub(crate) mod stats;
