//! Mistakes on the page in the frame.

use super::Mistake;

pub(super) const ALL: &[Mistake] = &[];
