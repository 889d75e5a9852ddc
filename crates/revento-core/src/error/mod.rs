//! The classification of the SDK's errors, and error chains.

mod chain;
mod kind;

pub use self::{chain::chain, kind::ErrorKind};
