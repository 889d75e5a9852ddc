//! Mistakes with the delivery of webhooks.

use super::Mistake;

pub(super) const ALL: &[Mistake] = &[];
