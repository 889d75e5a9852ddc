//! The flows, the sessions and the checks, by the heads of requests and by responses.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

mod flow;
mod same_origin;
mod sessions;
mod webview;
