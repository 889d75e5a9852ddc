//! An example integration: it connects an event, reads it, receives its webhooks, deletes in time and survives restarts.
//!
//! It uses the public crates only. [`Service::open`] builds and connects the parts that an integration needs; the other
//! modules are pages, routes and the deletion job. `routes`, `participant_pages` and `headers` are for axum; `examples/actix-service`
//! has the same for actix-web, on the other modules.

mod data_dir;
mod deletion_job;
mod error;
pub mod feed;
pub mod headers;
pub mod pages;
mod participant_pages;
pub mod participants;
pub mod private_file;
mod routes;
mod service;
mod settings;
pub mod state;
mod stores;
pub mod views;

pub use data_dir::{DataDir, DataDirError};
pub use error::SetupError;
pub use service::{Service, Site};
pub use settings::Settings;
pub use stores::Stores;
