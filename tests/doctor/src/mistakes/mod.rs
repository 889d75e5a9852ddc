//! Every mistake that this integration can make: a list for each family of checks.

mod delivery;
mod ending;
mod oauth;
mod reading;
mod signature;
mod storage;
mod tokens;
mod webview;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::bail;

/// The id of the check that finds a mistake, and the mistake in a sentence.
type Mistake = (&'static str, &'static str);

/// All mistakes.
fn all() -> impl Iterator<Item = &'static Mistake> {
    let families = [
        signature::ALL,
        delivery::ALL,
        oauth::ALL,
        tokens::ALL,
        reading::ALL,
        ending::ALL,
        storage::ALL,
        webview::ALL,
    ];
    families.into_iter().flatten()
}

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
            if !all().any(|(known, _)| known == id) {
                bail!("there is no mistake {id:?}; --list prints them all");
            }
        }
        Ok(Self(ids))
    }

    /// Whether to make this mistake.
    pub(crate) fn has(&self, id: &str) -> bool {
        debug_assert!(all().any(|(known, _)| *known == id), "{id} is not in the list");
        self.0.contains(id)
    }
}

/// The mistakes as text, one a line.
pub(crate) fn list() -> String {
    let mut text = String::new();
    for (id, sentence) in all() {
        let _ = writeln!(text, "{id:44} {sentence}");
    }
    text
}
