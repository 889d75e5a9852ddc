//! Stores in memory: for tests and for tools that need not survive. They honour the whole contract
//! but durability.

mod budgets;
mod deletions;
mod inbox;
mod inbox_admin;
mod once;
mod tokens;

pub use budgets::MemoryBudgets;
pub use deletions::MemoryDeletions;
pub use inbox::MemoryInbox;
pub use once::MemoryOnce;
pub use tokens::MemoryTokens;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A panic of another caller leaves nothing half done here: every change is one statement.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
