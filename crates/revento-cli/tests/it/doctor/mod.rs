//! `revento doctor` examines small integrations.

mod catalogue;
mod configuration;
mod examination;
mod receiver;
mod reports;
