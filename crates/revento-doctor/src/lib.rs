#![doc = include_str!("../README.md")]

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
