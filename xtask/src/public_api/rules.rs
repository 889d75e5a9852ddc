//! The crates whose types our public signatures may have, with the reasons.

use std::collections::BTreeSet;

/// Allowed in every library (`serde_core` has serde's traits).
const EVERYWHERE: &[&str] = &[
    "alloc",
    "bytes",
    "core",
    "futures_core",
    "http",
    "serde",
    "serde_core",
    "std",
];

/// Allowed in one library: an adapter shows its framework. An unused rule is a complaint.
const RULES: &[(&str, &[&str])] = &[
    ("revento-actix", &["actix_http", "actix_service", "actix_web"]),
    ("revento-axum", &["axum_core"]),
    // The conversions of `Timestamp`, each behind a feature.
    ("revento-core", &["chrono", "jiff", "time"]),
    // Its settings are mostly URLs, and a text that is none is a mistake of the settings.
    ("revento-doctor", &["url"]),
    // A tower service for HTTP has bodies.
    (
        "revento-tower",
        &["http_body", "http_body_util", "tower_layer", "tower_service"],
    ),
    // Two of its types are layers.
    ("revento-web", &["tower_layer", "tower_service"]),
    // `collect_limited` reads any body; `tower_service` is behind the feature `tower`.
    ("revento-transport", &["http_body", "tower_service"]),
    // `Zeroizing` tells callers that the plaintext is wiped on drop.
    ("revento-oauth", &["zeroize"]),
    ("revento-seal", &["zeroize"]),
    ("revento-store", &["zeroize"]),
];

/// A rule that a library needed: the library and the foreign crate.
pub(super) type Use = (&'static str, &'static str);

/// The rule that allows types of `krate` in `library`; `None` if there is none.
pub(super) fn allows(library: &str, krate: &str) -> Option<Use> {
    let ours = || (krate == "revento" || krate.starts_with("revento_")).then_some(("", ""));
    let shared = || EVERYWHERE.contains(&krate).then_some(("", ""));
    let adapted = || {
        let (name, shown) = RULES.iter().find(|(name, _)| *name == library)?;
        let shown = shown.iter().find(|shown| **shown == krate)?;
        Some((*name, *shown))
    };
    ours().or_else(shared).or_else(adapted)
}

/// Complaints about unused rules.
pub(super) fn unused(seen: &BTreeSet<Use>) -> Vec<String> {
    let all = RULES
        .iter()
        .flat_map(|(name, shown)| shown.iter().map(move |shown| (*name, *shown)));
    all.filter(|rule| !seen.contains(rule))
        .map(|(library, krate)| {
            format!("the rule that {library} may show types of {krate} is unused: remove it")
        })
        .collect()
}
