//! The catalogue of checks: one module for each family.

mod answers;
mod delivery;
mod ending;
mod oauth;
mod reading;
mod signature;
mod steps;
mod storage;
mod tokens;
mod webview;

pub(crate) use answers::Receiver;
pub(crate) use delivery::crash::Crash;

use crate::check::{Check, Family};
use crate::similar::similar;

/// All checks, in the order in which they run.
pub fn catalogue() -> impl Iterator<Item = &'static Check> {
    let groups: &[&'static [Check]] = &[
        signature::CHECKS,
        signature::headers::CHECKS,
        signature::values::CHECKS,
        signature::bodies::CHECKS,
        signature::framing::CHECKS,
        signature::answers::CHECKS,
        signature::rotation::CHECKS,
        delivery::CHECKS,
        delivery::duplicates::CHECKS,
        delivery::tolerance::CHECKS,
        delivery::load::CHECKS,
        delivery::methods::CHECKS,
        delivery::crash::CHECKS,
        oauth::CHECKS,
        oauth::login::CHECKS,
        tokens::CHECKS,
        reading::CHECKS,
        ending::CHECKS,
        storage::CHECKS,
        webview::CHECKS,
    ];
    groups.iter().copied().flatten()
}

/// The names by which checks can be chosen: their ids, and the families.
pub(crate) fn check_names() -> Vec<&'static str> {
    let mut names: Vec<_> = Family::ALL.into_iter().map(Family::name).collect();
    names.extend(catalogue().map(|check| check.id));
    names
}

/// The names of checks and families that are close to a mistyped one, the closest first.
pub fn similar_checks(name: &str) -> Vec<&'static str> {
    similar(name, check_names())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_id_is_unique_and_every_text_is_a_sentence() {
        let mut ids = HashSet::new();
        let mut families = Vec::new();
        for check in catalogue() {
            assert!(ids.insert(check.id), "{} exists twice", check.id);
            assert!(
                check
                    .id
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
                "{}",
                check.id
            );
            assert!(check.section.starts_with('§'), "{}: {}", check.id, check.section);
            for text in [check.title, check.why, check.mend] {
                assert!(!text.is_empty() && !text.ends_with('.'), "{}: {text}", check.id);
            }
            if families.last() != Some(&check.family) {
                families.push(check.family);
            }
        }
        assert!(families.is_sorted(), "{families:?}");
    }
}
