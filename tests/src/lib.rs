//! Whole-system tests of the Revento SDK
#![allow(clippy::expect_used, reason = "a test may fail loudly, helpers of tests too")]

pub mod vectors;
