//! Mistakes when a connection ends.

use super::Mistake;

pub(super) const ALL: &[Mistake] = &[];
