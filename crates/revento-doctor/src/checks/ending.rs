//! What ends a connection, and deletion (contract §2.6).

use crate::check::Check;

pub(super) const CHECKS: &[Check] = &[];
