//! The OAuth flow and its cookie, with a browser that is a list of cookies.

mod browser;
mod cookies;
mod outcomes;
mod rounds;
