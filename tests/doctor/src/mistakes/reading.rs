//! Mistakes in reading the API.

use super::Mistake;

pub(super) const ALL: &[Mistake] = &[];
