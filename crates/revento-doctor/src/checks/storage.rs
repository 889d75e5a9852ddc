//! Data at rest, and logs (contract §8).

use crate::check::Check;

pub(super) const CHECKS: &[Check] = &[];
