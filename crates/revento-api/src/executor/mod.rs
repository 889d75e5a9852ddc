//! Executes one read: authorized, paced, repeated where that is safe and useful (invariant C2).
//!
//! | file | what it does |
//! |---|---|
//! | `context` | the executor of a client, and what describes one read |
//! | `read` | one read: its attempts, its pauses, its deadline |
//! | `attempt` | one request of a read |
//! | `refusal` | an answer that is no success |
//! | `answer` | a success, and parsing its body |
//! | `retry` | the settings: when a read is repeated |

mod answer;
mod attempt;
mod context;
mod read;
mod refusal;
mod retry;

pub use self::retry::Retry;
pub(crate) use self::{
    answer::Answer,
    context::{Executor, ReadOptions, Target},
};
