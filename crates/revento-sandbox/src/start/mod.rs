//! Starting and stopping a sandbox.

mod builder;
mod error;
mod info;
mod launch;
mod resolve;
mod sandbox;

pub use builder::SandboxBuilder;
pub use error::StartError;
pub use info::SandboxInfo;
pub use sandbox::Sandbox;
