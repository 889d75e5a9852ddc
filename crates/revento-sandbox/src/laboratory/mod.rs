//! The laboratory: faults on demand, and a log of what was exchanged.

pub(crate) mod answers;
pub(crate) mod book;
pub(crate) mod exchanges;
pub(crate) mod kinds;
pub(crate) mod redaction;
