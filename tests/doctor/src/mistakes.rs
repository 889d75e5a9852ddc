//! Every mistake that this integration can make.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::bail;

/// The mistakes, by the id of the check that finds each, with a sentence.
pub(crate) const ALL: &[(&str, &str)] = &[
    (
        "signature.ignored",
        "accepts every webhook without a look at its signature",
    ),
    (
        "delivery.duplicate",
        "handles a webhook again when it comes again",
    ),
];

/// The mistakes that are switched on.
#[derive(Debug, Default)]
pub(crate) struct Mistakes(BTreeSet<String>);

impl Mistakes {
    /// The mistakes with these ids. An unknown id is an error.
    pub(crate) fn new(ids: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let ids: BTreeSet<String> = ids
            .map(|id| id.trim().to_owned())
            .filter(|id| !id.is_empty())
            .collect();
        for id in &ids {
            if !ALL.iter().any(|(known, _)| known == id) {
                bail!("there is no mistake {id:?}; --list prints them all");
            }
        }
        Ok(Self(ids))
    }

    /// Whether to make this mistake.
    pub(crate) fn has(&self, id: &str) -> bool {
        debug_assert!(
            ALL.iter().any(|(known, _)| *known == id),
            "{id} is not in the list"
        );
        self.0.contains(id)
    }
}

/// The mistakes as text, one a line.
pub(crate) fn list() -> String {
    let mut text = String::new();
    for (id, sentence) in ALL {
        let _ = writeln!(text, "{id:36} {sentence}");
    }
    text
}
