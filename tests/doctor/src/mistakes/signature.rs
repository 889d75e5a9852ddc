//! Mistakes with the signature of webhooks.

use super::Mistake;

pub(super) const ALL: &[Mistake] = &[
    ("signature-good", "leaves out the dot between timestamp and body"),
    (
        "signature-wrong-secret",
        "accepts every webhook without a look at its signature",
    ),
];
