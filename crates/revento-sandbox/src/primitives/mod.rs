//! What the platform asks of the machine it runs on: the time and random bytes, each at one place.

pub(crate) mod clock;
pub(crate) mod digest;
pub(crate) mod entropy;
pub(crate) mod secret;
pub(crate) mod time;
