//! Time, randomness, hashes and secrets. The machine's clock and random bytes are read only here.

pub(crate) mod clock;
pub(crate) mod digest;
pub(crate) mod entropy;
pub(crate) mod machine;
pub(crate) mod secret;
pub(crate) mod text;
pub(crate) mod time;
pub(crate) mod whole_number;
