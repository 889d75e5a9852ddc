//! Mistakes with data at rest and logs.

use super::Mistake;

pub(super) const ALL: &[Mistake] = &[];
