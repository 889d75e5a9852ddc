//! The adapter to actix-web. How it answers over a socket is tested with the other adapters.

mod only_verified;
