//! The OAuth flow and its cookies. The browser is a list of cookies.

mod browser;
mod cookies;
mod outcomes;
mod rounds;
