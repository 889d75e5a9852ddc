//! Authorization requests, consents, codes and tokens (contract §2).

pub(crate) mod authorize;
pub(crate) mod client;
pub(crate) mod consent;
pub(crate) mod error;
pub(crate) mod exchange;
pub(crate) mod params;
pub(crate) mod redirect;
pub(crate) mod refresh;
pub(crate) mod tokens;
