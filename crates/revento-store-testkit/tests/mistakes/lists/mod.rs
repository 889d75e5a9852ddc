//! The mistakes, each with the check that finds it and what the check says.

mod budgets;
mod deletions;
mod inbox;
mod once;
mod tokens;
mod wrong;

pub(crate) use budgets::budgets;
pub(crate) use deletions::deletions;
pub(crate) use inbox::inbox;
pub(crate) use once::once;
pub(crate) use tokens::tokens;
