//! Judges a Revento integration in any language from outside: it plays the platform, steers the integration through its whole life, and says for
//! each check what it expected, what it got and how to mend it.
//!
//! ```no_run
//! use revento_doctor::{Doctor, Settings};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let mut settings = Settings::default();
//! settings.connect_url = Some("http://localhost:3000/connect".parse()?);
//! settings.webhook_url = Some("http://localhost:3000/webhooks".parse()?);
//! settings.start = Some("node server.js".to_owned());
//! let report = Doctor::new(settings)?.run(&mut ()).await?;
//! std::fs::write("doctor.html", report.to_html())?;
//! assert!(report.passed(), "{}", report.to_junit());
//! # Ok(()) }
//! ```
//!
//! [`Settings::from_toml`] reads the file of the command. A [`Report`] writes itself as JSON, JUnit XML, SARIF, an HTML page, a badge, and annotations
//! for GitHub. An [`Observer`] follows an examination while it runs.
//!
//! The command is `revento doctor`. [The page about the doctor](https://github.com/revento/revento-rs/blob/main/docs/doctor.md) begins with a first run.
//!
//! # Features
//! | feature | what it adds |
//! |---|---|
//! | `aws-lc-rs` | on by default: TLS by aws-lc-rs. Without it the program installs a provider of rustls |
//!
//! # What it does not do
//! It reads no source code, and it never connects to the real platform: it judges what an integration does against a platform on this machine. An
//! integration that passes can still handle the data wrongly; the doctor sees requests, answers and pages only.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

mod check;
mod checks;
mod doctor;
mod error;
mod exam;
mod exchange;
mod framework;
mod integration;
mod observer;
mod plan;
mod platform;
mod primitives;
mod report;
mod search;
pub mod settings;
mod similar;
mod text;
mod webhook;

pub use check::{Check, Family, Framework, Need, Severity};
pub use checks::{catalogue, similar_checks};
pub use doctor::Doctor;
pub use error::{DoctorError, DoctorErrorKind};
pub use exchange::{Direction, Exchange, Omitted};
pub use observer::Observer;
pub use plan::{Missing, Plan, PlannedCheck};
pub use report::{CheckResult, Counts, Grade, Outcome, Report, Verdict};
pub use settings::{Settings, Skip};
