//! The OAuth flow and its cookies. The browser is a list of cookies.

pub(crate) mod browser;
mod cookies;
mod hostile;
mod outcomes;
mod replicas;
mod rounds;
