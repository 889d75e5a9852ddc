//! Reading the API (contract §3).

use crate::check::Check;

pub(super) const CHECKS: &[Check] = &[];
