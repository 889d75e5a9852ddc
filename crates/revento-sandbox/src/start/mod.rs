//! Starting and stopping a sandbox, and what a caller learns from it.

mod builder;
mod error;
mod info;
mod sandbox;

pub use builder::Builder;
pub use error::StartError;
pub use info::Info;
pub use sandbox::Sandbox;
