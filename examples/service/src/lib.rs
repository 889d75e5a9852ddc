//! An example integration: connect an event, read it, receive its webhooks, delete in time, survive restarts.
//!
//! Everything comes from the public crates. [`Service::open`] is the wiring that an integration needs;
//! the rest is pages.

mod data;
mod deletions;
mod feed;
mod open;
mod pages;
mod routes;
mod serve;

pub use data::{DataDir, DataError};
pub use open::{OpenError, Service, Settings};
