//! Steering a sandbox from a test in the same process: typed calls for what the control API does over HTTP.

mod act;
mod calls;
mod consent;
mod error;
mod fault;
mod views;

pub use act::Act;
pub use consent::Decision;
pub use error::SteerError;
pub use fault::Fault;
pub use views::{Attempt, Delivery};
