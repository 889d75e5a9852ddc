//! The OAuth flows (contract §2).

use crate::check::Check;

pub(super) const CHECKS: &[Check] = &[];
