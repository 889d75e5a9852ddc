//! Contract section 2: authorization requests, consent, codes and tokens.

pub(crate) mod authorize;
pub(crate) mod client;
pub(crate) mod consent;
pub(crate) mod exchange;
pub(crate) mod fault;
pub(crate) mod params;
pub(crate) mod refresh;
pub(crate) mod tokens;
