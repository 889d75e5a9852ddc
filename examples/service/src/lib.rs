//! An example integration: it connects an event, reads it, receives its webhooks, deletes in time and survives restarts.
//!
//! It uses the public crates only. [`Service::open`] builds and connects the parts that an integration needs; the other
//! modules are pages, routes and the deletion job.

mod data_dir;
mod deletion_job;
mod error;
mod feed;
mod headers;
mod pages;
mod participant_pages;
mod participants;
pub mod private_file;
mod routes;
mod service;
mod settings;
mod state;

pub use data_dir::{DataDir, DataDirError};
pub use error::SetupError;
pub use service::Service;
pub use settings::Settings;
