//! Faults that a test arms: their kinds, and the registry of those that are armed.
//!
//! This module decides which fault triggers where. `http::response_faults` and `dispatcher::plan` apply them.

mod kinds;
mod registry;

pub(crate) use kinds::{FaultArea, FaultKind};
pub(crate) use registry::{ArmedFault, FaultRegistry, FaultSpec, InjectionPoint, TriggeredFault};
