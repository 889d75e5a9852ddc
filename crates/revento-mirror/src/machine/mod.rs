//! The decisions of a mirror, without I/O: how information replaces other information ([`merge`]), and what to read next
//! ([`pass`]). The time and the rows are arguments.

pub(crate) mod merge;
pub(crate) mod overlay;
pub(crate) mod pass;
pub(crate) mod progress;
