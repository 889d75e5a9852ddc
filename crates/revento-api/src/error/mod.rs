//! All errors of this crate.
//!
//! Every error has `kind()`, `is_transient()` and `may_have_taken_effect()`; those of a request have `request_id()` and
//! `endpoint()` as well. The cause of an error is its `source()` only: print the chain with
//! [`revento_core::error::chain`] or anyhow's `{:#}`.

mod attempts;
mod cause;
mod connect;
mod read;
mod send;
mod session;
mod webhook;

pub use self::{
    attempts::{Attempt, Attempts},
    cause::Cause,
    connect::ConnectError,
    read::Error,
    send::SendError,
    session::SessionError,
    webhook::ApplyWebhookError,
};
