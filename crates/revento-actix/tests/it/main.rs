//! The adapter to actix-web. How it answers over a socket is tested with the other adapters.

#[cfg(feature = "web")]
mod flow;
mod only_verified;
