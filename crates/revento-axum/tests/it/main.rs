//! The adapter as a service uses it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

mod flow;
mod only_verified;
mod same_origin;
mod sessions;
mod webview;
