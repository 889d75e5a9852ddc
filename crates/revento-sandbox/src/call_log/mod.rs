//! The log of requests and their answers, without secrets.

mod log;
pub(crate) mod redaction;

pub use log::CallRecord;
pub(crate) use log::{CallLog, RefusalReason};
