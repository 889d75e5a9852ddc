//! Delivery of webhooks: deduplication, order, load (contract §4).

use crate::check::Check;

pub(super) const CHECKS: &[Check] = &[];
