//! What commands and queries need besides the state.

use crate::platform::config::Config;
use crate::primitives::time::Time;

/// The configuration of this start and the time on the sandbox clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) config: &'a Config,
    pub(crate) now: Time,
}
