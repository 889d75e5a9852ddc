//! The Revento platform on your machine: OAuth, read API, webhooks and console, strictly by the contract.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = revento_sandbox::Sandbox::builder()
//!     .redirect_uri("http://localhost:3000/callback")
//!     .webhook_url("http://localhost:3000/webhooks")
//!     .start()
//!     .await?;
//! println!("console: {}", sandbox.info().console_url);
//! sandbox.shutdown().await;
//! # Ok(()) }
//! ```
//!
//! The sandbox implements the integration contract and shares no code with the client crates, so that it can judge
//! them. By default it listens on loopback, keeps its state in memory and sends webhooks to this machine only.
//!
//! # Troubleshooting
//! - *The consent page says that the redirect URI is not registered*: the sandbox compares URIs byte for byte.
//!   Register exactly the text that your integration sends.
//! - *No webhook arrives*: the sandbox sends webhooks to integrations that are connected to the event, at their
//!   registered URL. The answers of the control API name the reason if none is sent, and the console's delivery log shows
//!   every attempt and its answer.
//! - *Every request is answered 421*: the sandbox does not know the host name of the request. Set
//!   [`public_url`](SandboxBuilder::public_url), or allow the name with [`allow_host`](SandboxBuilder::allow_host).
//! - *[`StartError::DataInUse`]*: another sandbox has the data file open. Two sandboxes cannot share a file.
//!
//! # Features
//! | feature | what it adds |
//! |---|---|
//! | `aws-lc-rs` | on by default: TLS to receivers by aws-lc-rs. Without it the program installs a provider of rustls before it starts a sandbox |
//!
//! # What it does not do
//! It is for tests: it keeps its secrets readable, and its people click *Authorize* without a password. It sends nothing to the real platform and needs no
//! account. It says what the contract says, and where the contract is silent it has decisions of its own. [The page about the
//! sandbox](https://github.com/revento/revento-rs/blob/main/docs/sandbox.md) describes them, the pages, the control API and the faults.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

mod call_log;
mod control;
mod decisions;
mod dispatcher;
mod durability;
mod error_kind;
mod faults;
mod http;
mod listeners;
mod platform;
mod primitives;
mod replay;
mod runtime;
mod start;

pub use call_log::CallRecord;
pub use control::{Action, ConsentDecision, ControlError, Fault, WebhookAttempt, WebhookDelivery};
pub use error_kind::SandboxErrorKind;
pub use platform::queries::stats::Stats;
pub use replay::{RecordedWebhook, Recording, Replay, ReplayError, ReplayedWebhook, replay};
pub use start::{Sandbox, SandboxBuilder, SandboxInfo, StartError};
