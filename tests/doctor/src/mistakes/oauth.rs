//! Mistakes in the OAuth flows.

use super::Mistake;

pub(super) const ALL: &[Mistake] = &[];
