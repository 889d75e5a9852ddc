//! The adapter as a service uses it.

mod only_verified;
