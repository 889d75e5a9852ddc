//! The Revento platform on your machine: OAuth, read API, webhooks and console, strictly by the contract.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = revento_sandbox::Sandbox::builder()
//!     .redirect_uri("http://localhost:3000/callback")
//!     .webhook_url("http://localhost:3000/webhooks")
//!     .start()
//!     .await?;
//! println!("console: {}", sandbox.info().console_url);
//! sandbox.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! The sandbox judges by the integration contract alone and shares no code with the client crates: what passes here
//! passes there for the same reasons. It listens on loopback unless told otherwise, lives in memory unless given a
//! file, and sends webhooks to this machine only unless more is allowed.
//!
//! # Troubleshooting
//! - *The consent page says that the redirect URI is not registered*: URIs are compared byte for byte; register the
//!   very text that your integration sends.
//! - *No webhook arrives*: it goes to integrations that are connected to the event, at the one registered URL. The
//!   console's delivery log shows every attempt and its answer.
//! - *`StartError::DataInUse`*: another sandbox holds the file; two never share one.

mod courier;
mod decisions;
mod durability;
mod http;
mod laboratory;
mod machine;
mod platform;
mod start;
mod steer;

pub use laboratory::exchanges::Exchange;
pub use platform::read::stats::Stats;
pub use start::{Builder, Info, Sandbox, StartError};
pub use steer::{Act, Attempt, Decision, Delivery, Fault, SteerError};

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
