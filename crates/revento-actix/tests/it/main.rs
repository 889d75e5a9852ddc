//! The adapter to actix-web. How it answers over a socket is tested with the other adapters.

#[cfg(feature = "flow")]
mod flow;
// The compiler names the types of `revento-axum`, too, if the feature is on.
#[cfg(feature = "flow")]
mod only_verified;
