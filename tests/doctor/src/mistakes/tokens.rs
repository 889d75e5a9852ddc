//! Mistakes with tokens and their refresh.

use super::Mistake;

pub(super) const ALL: &[Mistake] = &[(
    "tokens-refresh-at-expiry",
    "does not refresh a token that the platform calls expired",
)];
