#![doc = include_str!("../README.md")]

mod check;
mod checks;
mod doctor;
mod error;
mod exam;
mod exchange;
mod integration;
mod observer;
mod platform;
mod primitives;
mod report;
mod search;
mod settings;
mod webhook;

pub use check::{Check, Family, Framework, Need, Severity};
pub use checks::catalogue;
pub use doctor::Doctor;
pub use error::{DoctorError, DoctorErrorKind};
pub use exchange::{Direction, Exchange};
pub use observer::Observer;
pub use report::{CheckResult, Outcome, Report};
pub use settings::{Settings, Skip};
