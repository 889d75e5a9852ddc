//! A copy of an event's participants and program, in your own database, that stays in sync: one full read, then webhooks, then
//! reconciliation.

pub mod memory;
pub mod store;
