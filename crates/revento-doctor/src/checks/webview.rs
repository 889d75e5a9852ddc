//! Pages in the platform's frame (contract §5).

use crate::check::Check;

pub(super) const CHECKS: &[Check] = &[];
