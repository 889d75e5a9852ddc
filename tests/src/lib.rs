//! Whole-system tests of the Revento SDK.
#![allow(clippy::expect_used, reason = "a failing test or helper panics")]

pub mod vectors;
