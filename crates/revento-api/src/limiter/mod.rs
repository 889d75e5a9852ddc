//! Keeps the calls of each token below its budgets (contract §3.6, invariant C1): drives [`revento_core::pacing`].
//!
//! | file | what it does |
//! |---|---|
//! | `queues` | finds the queue of a token |
//! | `token_queue` | lets the calls of a token go in order |
//! | `counted_budget` | counts the budget: in this process, or in the store that replicas share |
//! | `shared_store` | the shared store, and whether it answers |
//! | `race_backoff` | turns between replicas that race for one budget |
//! | `permit` | the right to one call |
//! | `pacing` | the settings |

mod counted_budget;
mod denied;
mod pacing;
mod permit;
mod queues;
mod race_backoff;
mod shared_store;
mod token_queue;

pub use self::pacing::Pacing;
pub(crate) use self::{denied::Denied, permit::Permit, queues::Limiter};
